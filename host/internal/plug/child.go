package plug

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pipeGrace is how long after the death of a process its pipes are read on, in case somebody else holds them open.
const pipeGrace = 500 * time.Millisecond

// child is a plugin process. It is go-plugin's runner.Runner: go-plugin starts it, reads the handshake from Stdout and waits for its end.
type child struct {
	cmd       *exec.Cmd
	output    *output
	handshake *handshake
	silence   *io.PipeReader // what go-plugin takes for stderr: nothing until the process ends

	exited chan struct{} // closed when the process is gone and its output read

	mu     sync.Mutex
	pid    int  // zero before the start
	doomed bool // kill was called
	forced bool // go-plugin or Close had to kill it
	reaped bool // pid may belong to another process
	state  *os.ProcessState
}

// newChild prepares a process for that executable, which has to put its socket into dir.
func newChild(path, dir string, out *output) *child {
	c := &child{output: out, handshake: newHandshake(dir), exited: make(chan struct{})}
	c.cmd = exec.Command(path)
	// The standard input of exec.Cmd is /dev/null. The process is killed when this one dies, however stuck it is; package sdk asks for
	// SIGTERM instead, to close its handler.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return c
}

// Start implements runner.Runner.
func (c *child) Start(context.Context) error {
	stdout, outWriter, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	stderr, errWriter, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("pipe: %w", err), stdout.Close(), outWriter.Close())
	}
	c.cmd.Stdout, c.cmd.Stderr = outWriter, errWriter
	silence, end := io.Pipe()
	c.silence = silence

	started := make(chan error, 1)
	go func() {
		// The kernel sends Pdeathsig when the thread that forked ends. Locked, it lives as long as this function.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		closeErr := errors.Join(outWriter.Close(), errWriter.Close())
		if err == nil {
			c.started(c.cmd.Process.Pid)
		}
		started <- errors.Join(err, closeErr)
		if err == nil {
			c.attend(stdout, stderr)
		}
		_ = end.Close() // never fails
	}()
	if err := <-started; err != nil {
		return errors.Join(err, stdout.Close(), stderr.Close())
	}
	return nil
}

// started notes the number of the process, and ends it if kill came before.
func (c *child) started(pid int) {
	c.mu.Lock()
	c.pid = pid
	doomed := c.doomed
	c.mu.Unlock()
	if doomed {
		c.kill()
	}
}

// attend reads what the process writes and waits for its end.
func (c *child) attend(stdout, stderr *os.File) {
	defer close(c.exited)
	var reading sync.WaitGroup
	reading.Go(func() { c.handshake.read(stdout, c.output.stdout) })
	reading.Go(func() { readLines(stderr, c.output.stderr) })
	c.reap()
	// A process that the plugin started may have escaped from the group and hold the pipes open.
	timer := time.AfterFunc(pipeGrace, func() { _ = errors.Join(stdout.Close(), stderr.Close()) })
	reading.Wait()
	if timer.Stop() {
		_ = errors.Join(stdout.Close(), stderr.Close())
	}
	c.output.end()
}

// reap waits for the end of the process, and ends what it leaves behind.
func (c *child) reap() {
	for {
		// The process stays a zombie, so that its number, which is that of the group, cannot be given to another.
		err := unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.kill()         // the rest of the group
	_ = c.cmd.Wait() // says how the process ended, as state does
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	c.state = c.cmd.ProcessState
}

// kill ends the process and all of its group at once.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doomed = true
	if c.pid != 0 && !c.reaped {
		_ = unix.Kill(-c.pid, unix.SIGKILL) // fails if the group is gone
	}
}

// Wait implements runner.Runner.
func (c *child) Wait(context.Context) error {
	<-c.exited
	return nil
}

// Kill implements runner.Runner. It is called when the process does not end by itself.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	c.forced = true
	c.mu.Unlock()
	c.kill()
	return nil
}

// Stdout implements runner.Runner.
func (c *child) Stdout() io.ReadCloser { return c.handshake.reader }

// Stderr implements runner.Runner.
func (c *child) Stderr() io.ReadCloser { return c.silence }

// Diagnose implements runner.Runner. Launch explains failures itself.
func (c *child) Diagnose(context.Context) string { return "" }

// Name implements runner.Runner.
func (c *child) Name() string { return c.cmd.Path }

// process returns the number of the process, zero before it has started.
func (c *child) process() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

// ID implements runner.Runner.
func (c *child) ID() string {
	if pid := c.process(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// PluginToHost implements runner.Runner: both see the same file system.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// ending says how the process ended.
func (c *child) ending() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		return "is gone"
	}
	status, ok := c.state.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled() && c.forced:
		return "did not end when it was told to, and was killed"
	case ok && status.Signaled():
		return fmt.Sprintf("was killed by signal %d (%s)", int(status.Signal()), unix.SignalName(status.Signal()))
	case ok:
		return fmt.Sprintf("exited with status %d", status.ExitStatus())
	}
	return c.state.String()
}

// succeeded reports whether the process ended with status 0.
func (c *child) succeeded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state != nil && c.state.Success()
}
