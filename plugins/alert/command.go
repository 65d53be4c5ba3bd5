package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// maxOutput is how much of what a command prints is kept, for the message when it fails.
const maxOutput = 1 << 10

// command runs a program for each alert.
type command struct {
	args    []string
	timeout time.Duration
}

// deliver runs the program with the alert on its standard input. When the time is over, it is killed with all of its children.
func (c command) deliver(ctx context.Context, a *alert) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var output tail
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Stdin = bytes.NewReader(append(slices.Clip(a.json), '\n'))
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 100 * time.Millisecond // for children that left the group and hold the output
	err := cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() == context.DeadlineExceeded:
		err = fmt.Errorf("killed after %s", c.timeout)
	}
	if text := bytes.TrimSpace(output.last); len(text) > 0 {
		err = fmt.Errorf("%w: %s", err, printable(string(text)))
	}
	return err
}

// tail is a writer that keeps the last maxOutput bytes.
type tail struct{ last []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(len(p)-maxOutput, 0):]...)
	t.last = append(t.last[:0], t.last[max(len(t.last)-maxOutput, 0):]...)
	return len(p), nil
}
