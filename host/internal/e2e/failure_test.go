package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
	h.oneError(`handler "`, "stopped early: plugin logger", "killed by signal 9 (SIGKILL)")
}

// When the last handler dies there is nothing to go on for.
func TestKilledLastPlugin(t *testing.T) {
	needRoot(t)
	h := start(t, execToLogger)
	check(t, syscall.Kill(children(t, h.cmd.Process.Pid)[0], syscall.SIGKILL))
	if code := h.wait(10 * time.Second); code != 1 {
		t.Errorf("exit status %d", code)
	}
	h.oneError(`handler "all" stopped early: plugin logger`, "killed by signal 9 (SIGKILL)")
}

// oneError checks that the host's last word is one line with these texts.
func (h *host) oneError(texts ...string) {
	h.t.Helper()
	_, after, found := strings.Cut(h.stderr.String(), "\nError: ")
	if !found || strings.Count(after, "\n") != 1 {
		h.t.Errorf("not one line of error: %q", after)
	}
	for _, text := range texts {
		if !strings.Contains(after, text) {
			h.t.Errorf("the error does not say %q: %q", text, after)
		}
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
			h := launch(t, tt.config, command)
			if code := h.wait(20 * time.Second); code != 1 {
				t.Errorf("exit status %d, want 1", code)
			}
			for _, w := range tt.want {
				if !strings.Contains(h.stderr.String(), w) {
					t.Errorf("the message does not say %q:\n%s", w, h.stderr.String())
				}
			}
		})
	}
}

// Without privileges there is one error, which says what is missing and what to do.
func TestNoPrivileges(t *testing.T) {
	needRoot(t) // to become somebody else
	dir, err := os.MkdirTemp("", "probehost-nobody")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
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
