package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"
)

const execToLogger = `
probe "exec" { object = builtin.exec }
handler "logger" "all" {
	from = [probe.exec]
	config { format = "json" }
}
`

// children lists the processes that have this parent.
func children(t *testing.T, parent int) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	check(t, err)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if ppid, _ := strconv.Atoi(fields[1]); ppid == parent {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			check(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestNothingStaysBehind(t *testing.T) {
	needRoot(t)
	for name, signal := range map[string]syscall.Signal{
		"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGHUP": syscall.SIGHUP, "SIGKILL": syscall.SIGKILL,
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, execToLogger)
			links := h.links()
			if len(links) == 0 {
				t.Fatal("nothing is attached")
			}
			plugins := children(t, h.cmd.Process.Pid)
			if len(plugins) == 0 {
				t.Fatal("no plugin runs")
			}
			check(t, h.cmd.Process.Signal(signal))
			code := h.wait(10 * time.Second)
			if signal != syscall.SIGKILL {
				if code != 0 {
					t.Errorf("exit status %d", code)
				}
				if !strings.Contains(h.stderr.String(), "delivered") {
					t.Error("no final statistics")
				}
			}
			gone(t, links, plugins)
		})
	}
}

// The second Ctrl-C ends the host at once, though a plugin hangs.
func TestSecondInterrupt(t *testing.T) {
	needRoot(t)
	h := start(t, execToLogger)
	links, plugins := h.links(), children(t, h.cmd.Process.Pid)
	check(t, syscall.Kill(plugins[0], syscall.SIGSTOP))
	check(t, exec.Command("true").Run()) // an event that is not handled
	check(t, h.cmd.Process.Signal(os.Interrupt))
	select {
	case <-h.exited:
		t.Fatal("the first interrupt did not wait for the plugin")
	case <-time.After(500 * time.Millisecond):
	}
	check(t, h.cmd.Process.Signal(os.Interrupt))
	h.wait(time.Second)
	if s := h.cmd.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGINT {
		t.Errorf("ended with %s", h.cmd.ProcessState)
	}
	check(t, syscall.Kill(plugins[0], syscall.SIGCONT))
	gone(t, links, plugins)
}

// An interrupt while a plugin starts ends the start.
func TestInterruptedStart(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "slow"), []byte("#!/bin/sh\nexec sleep 60\n"), 0o755))
	h := launch(t, `
		probe "exec" { object = builtin.exec }
		handler "slow" "all" { from = [probe.exec] }
		plugin "slow" { path = "`+filepath.Join(dir, "slow")+`" }`, "run")
	h.eventually("a plugin", func() bool { return len(children(t, h.cmd.Process.Pid)) > 0 })
	plugins := children(t, h.cmd.Process.Pid)
	check(t, h.cmd.Process.Signal(syscall.SIGTERM))
	if code := h.wait(5 * time.Second); code != 1 {
		t.Errorf("exit status %d", code)
	}
	if !strings.Contains(h.stderr.String(), "interrupted") || strings.Count(h.stderr.String(), "\n") > 1 {
		t.Error("that is not one line which says so")
	}
	gone(t, nil, plugins)
}

// A reader that does not read keeps the host from writing, not from ending.
func TestUnreadOutput(t *testing.T) {
	needRoot(t)
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	h := command(t, `
		probe "exec" { object = builtin.exec }
		handler "logger" "all" { from = [probe.exec] }`, "run")
	h.cmd.Stdout, h.cmd.Stderr = w, w
	h.launch()
	check(t, w.Close())
	h.eventually("an attached program", func() bool { return len(h.links()) > 0 })
	links, plugins := h.links(), children(t, h.cmd.Process.Pid)
	for range 300 {
		check(t, exec.Command("true", strings.Repeat("long ", 200)).Run()) // more than a pipe holds
	}
	check(t, h.cmd.Process.Signal(syscall.SIGTERM))
	h.wait(30 * time.Second)
	gone(t, links, plugins)
}

// gone waits until none of the links and processes is left.
func gone(t *testing.T, links []link.ID, pids []int) {
	t.Helper()
	for range 200 {
		if !attached(t, links) && !alive(pids) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("links stay: %v, plugins stay: %v", attached(t, links), alive(pids))
}

func attached(t *testing.T, links []link.ID) bool {
	t.Helper()
	for _, id := range links {
		l, err := link.NewFromID(id)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		check(t, err)
		l.Close()
		return true
	}
	return false
}

func alive(pids []int) bool {
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}
