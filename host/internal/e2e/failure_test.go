package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// links counts the BPF links in the kernel, whoever made them.
func links(t *testing.T) int {
	t.Helper()
	n := 0
	it := new(link.Iterator)
	defer it.Close()
	for it.Next() {
		n++
	}
	check(t, it.Err())
	return n
}

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
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGKILL": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			before := links(t)
			h := start(t, execToLogger)
			if links(t) <= before {
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
			for range 100 {
				if links(t) == before && !alive(plugins) {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
			t.Errorf("%d links stay, plugins alive: %v", links(t)-before, alive(plugins))
		})
	}
}

// alive reports whether one of the processes runs. One that has ended may wait for its new parent to take note.
func alive(pids []int) bool {
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}

func TestKilledPlugin(t *testing.T) {
	needRoot(t)
	h := start(t, execToLogger+`
		handler "logger" "other" {
			from = [probe.exec]
			config { output = "/dev/null" }
		}`)
	pid := children(t, h.cmd.Process.Pid)[0]
	check(t, syscall.Kill(pid, syscall.SIGKILL))
	h.waitFor(&h.stderr, "killed by signal 9")
	if !strings.Contains(h.stderr.String(), fmt.Sprintf("pid %d", pid)) {
		t.Error("the message does not name the process")
	}
	select {
	case <-h.exited:
		t.Fatal("one dead handler ended the host")
	case <-time.After(300 * time.Millisecond):
	}
	if code := h.stop(); code != 1 {
		t.Errorf("exit status %d, want 1: a handler died", code)
	}
}

func TestDuration(t *testing.T) {
	needRoot(t)
	h := launch(t, execToLogger, "run", "--for", "1s")
	begin := time.Now()
	if code := h.wait(15 * time.Second); code != 0 {
		t.Errorf("exit status %d", code)
	}
	if d := time.Since(begin); d < time.Second {
		t.Errorf("ended after %s", d)
	}
}

func TestErrors(t *testing.T) {
	tests := map[string]struct {
		config string
		root   bool
		want   []string
	}{
		"syntax":         {`probe "x" {`, false, []string{"probes.hcl line 1"}},
		"unknown name":   {`probe "x" { object = builtin.exek }`, false, []string{"probes.hcl line 1", `exec`}},
		"missing object": {`probe "x" { object = "./nowhere.bpf.o" }`, false, []string{"nowhere.bpf.o", "probes.hcl line 1"}},
		"no interface": {`
			probe "p" {
				object = builtin.packets
				attach "count_packets" { interface = "nosuch0" }
			}
			handler "logger" "l" { from = [probe.p] }`, true, []string{"nosuch0", "probes.hcl line 4", "lo"}},
		"no plugin": {`
			probe "e" { object = builtin.exec }
			handler "loger" "l" { from = [probe.e] }`, false, []string{"loger", "logger", "probes.hcl line 3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.root {
				needRoot(t)
			}
			command := "validate"
			if tt.root {
				command = "run"
			}
			before := 0
			if tt.root {
				before = links(t)
			}
			h := launch(t, tt.config, command)
			if code := h.wait(20 * time.Second); code != 1 {
				t.Errorf("exit status %d, want 1", code)
			}
			for _, w := range tt.want {
				if !strings.Contains(h.stderr.String(), w) {
					t.Errorf("the message does not say %q:\n%s", w, h.stderr.String())
				}
			}
			if tt.root && links(t) != before {
				t.Error("something stays attached")
			}
		})
	}
}

// Without privileges there is one error, which says what is missing and what to do.
func TestNoPrivileges(t *testing.T) {
	needRoot(t) // to become somebody else
	dir, err := os.MkdirTemp("", "probehost-nobody")
	check(t, err)
	defer os.RemoveAll(dir)
	check(t, os.Chmod(dir, 0o755))
	check(t, os.Chmod(bin, 0o755))
	path := filepath.Join(dir, "probes.hcl")
	check(t, os.WriteFile(path, []byte(execToLogger), 0o644))
	cmd := exec.Command(filepath.Join(bin, "probehost"), "run", path)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1", err)
	}
	for _, w := range []string{"CAP_BPF", "CAP_PERFMON", "sudo"} {
		if !strings.Contains(string(out), w) {
			t.Errorf("the message does not name %s:\n%s", w, out)
		}
	}
	if n := len(regexp.MustCompile(`(?mi)^(error|╷)`).FindAll(out, -1)); n > 1 {
		t.Errorf("%d errors instead of one:\n%s", n, out)
	}
}
