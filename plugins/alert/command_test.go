package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/sdktest"
)

func TestExec(t *testing.T) {
	dir := t.TempDir()
	s := starts()
	cfg := rules(ruleBlock("r", nil))
	// A second argument with blanks and quotes arrives as it is: no shell takes it apart.
	cfg["exec"] = []object{{"command": []any{"/bin/sh", "-c", `cat > "$0/$1.$$"`, dir, `a "b" $c`}, "parallel": 3}}
	run := sdktest.Open(t, alertType, sdktest.Options{Config: cfg}, s)
	const n = 10
	for i := range n {
		run.Send(s, object{"pid": i, "comm": "sh"})
	}
	run.Close() // waits for the commands
	files, err := filepath.Glob(filepath.Join(dir, `a "b" $c.*`))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[float64]bool)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var got object
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		event, _ := got["event"].(object)
		pid, _ := event["pid"].(float64)
		seen[pid] = true
	}
	if len(seen) != n {
		t.Errorf("%d files of %d different alerts, want %d", len(files), len(seen), n)
	}
}

func TestCommandFails(t *testing.T) {
	a := &alert{json: []byte("{}")}
	cases := map[string]struct {
		args []string
		want string
	}{
		"exit status":       {[]string{"/bin/sh", "-c", "echo no such thing >&2; exit 3"}, "exit status 3: no such thing"},
		"much output":       {[]string{"/bin/sh", "-c", "yes | head -c 1000000; echo the end; exit 1"}, "the end"},
		"gone":              {[]string{"/no/such/program"}, "no such file or directory"},
		"does not read":     {[]string{"/bin/true"}, ""},
		"leaves a child":    {[]string{"/bin/sh", "-c", "setsid sleep 1 & exit 0"}, ""},
		"killed by another": {[]string{"/bin/sh", "-c", "kill -9 $$"}, "signal: killed"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := command{args: c.args, timeout: 10 * time.Second}.deliver(t.Context(), a)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("deliver: %v, want %q", err, c.want)
			}
			if len(fmt.Sprint(err)) > 3*maxOutput {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// At the timeout the command's children are killed with it.
func TestCommandTimeout(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	c := command{args: []string{"/bin/sh", "-c", `sleep 1000 & echo $! > "$0"; wait`, pidFile}, timeout: 300 * time.Millisecond}
	begin := time.Now()
	err := c.deliver(t.Context(), &alert{json: []byte("{}")})
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
	if err == nil || !strings.Contains(err.Error(), "killed after 300ms") {
		t.Errorf("deliver: %v", err)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); alive(child); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the child %d is still there", child)
		}
	}
}

// alive reports whether the process runs; one that waits to be reaped by init does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A command that hangs neither holds up events nor the end.
func TestExecHangs(t *testing.T) {
	t.Parallel()
	s := starts()
	cfg := rules(ruleBlock("r", nil))
	cfg["exec"] = []object{{"command": []any{"/bin/sleep", "1000"}, "queue": 2, "timeout": time.Hour}}
	run := sdktest.Open(t, alertType, sdktest.Options{Config: cfg}, s)
	for i := range 50 {
		run.Send(s, object{"pid": i})
	}
	run.Stdout()
	begin := time.Now()
	run.Close()
	if d := time.Since(begin); d > 8*time.Second {
		t.Errorf("closing took %s", d)
	}
	logs := run.Logs()
	text := fmt.Sprint(logs)
	if !strings.Contains(text, "alerts were lost") || strings.Contains(text, "does not return from Close") {
		t.Errorf("logged %s", text)
	}
}
