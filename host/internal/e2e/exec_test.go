package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// events returns the logger's JSON lines of one stream.
func events(t *testing.T, out, stream string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("not JSON: %q: %v", line, err)
		}
		if e["stream"] == stream {
			all = append(all, e)
		}
	}
	return all
}

// find returns the one event for which the field has the value.
func find(t *testing.T, events []map[string]any, field string, value any) map[string]any {
	t.Helper()
	var found []map[string]any
	for _, e := range events {
		if fmt.Sprint(e[field]) == fmt.Sprint(value) {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d events with %s = %v, want one, of %d", len(found), field, value, len(events))
	}
	return found[0]
}

func want(t *testing.T, e map[string]any, fields map[string]any) {
	t.Helper()
	for name, w := range fields {
		if got := fmt.Sprint(e[name]); got != fmt.Sprint(w) {
			t.Errorf("%s is %s, want %v", name, got, w)
		}
	}
}

// Processes started while the host runs appear with their real parent, arguments and end.
func TestProcesses(t *testing.T) {
	needRoot(t)
	h := start(t, `
		probe "exec" { object = builtin.exec }
		handler "logger" "all" {
			from = [probe.exec]
			config { format = "json" }
		}`)
	name := filepath.Join(t.TempDir(), "sh-of-the-test")
	shell, err := os.ReadFile("/bin/sh")
	check(t, err)
	check(t, os.WriteFile(name, shell, 0o755))
	cmd := exec.Command(name, "-c", "exit 7", "an argument")
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := h.stop(); code != 0 {
		t.Fatalf("exit status %d", code)
	}
	out := h.stdout.String()
	pid := cmd.ProcessState.Pid()
	want(t, find(t, events(t, out, "exec.starts"), "pid", pid), map[string]any{
		"ppid": os.Getpid(), "uid": "root", "filename": name, "comm": "sh-of-the-test", "args": name + " -c exit 7 an argument",
	})
	want(t, find(t, events(t, out, "exec.exits"), "pid", pid), map[string]any{"ppid": os.Getpid(), "exit_code": 7})
}

// Connections appear with their addresses, ports and result.
func TestConnections(t *testing.T) {
	needRoot(t)
	h := start(t, `
		probe "connect" {
			object   = builtin.tcp_connect
			first_of = ["connect_fentry", "connect_kprobe", "connect_tracepoint"]
		}
		handler "logger" "all" {
			from = [probe.connect]
			config { format = "json" }
		}`)
	type expected struct{ local, remote net.Addr }
	var made []expected
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		check(t, err)
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		check(t, err)
		made = append(made, expected{c.LocalAddr(), c.RemoteAddr()})
		c.Close()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	refused := l.Addr().(*net.TCPAddr)
	l.Close()
	if c, err := net.Dial("tcp", refused.String()); err == nil {
		c.Close()
		t.Fatal("connected to a closed port")
	}
	if code := h.stop(); code != 0 {
		t.Fatalf("exit status %d", code)
	}
	seen := events(t, h.stdout.String(), "connect.connects")
	for _, m := range made {
		local, remote := m.local.(*net.TCPAddr), m.remote.(*net.TCPAddr)
		want(t, find(t, seen, "sport", local.Port), map[string]any{
			"saddr": local.IP, "daddr": remote.IP, "dport": remote.Port, "pid": os.Getpid(), "uid": "root",
		})
	}
	want(t, find(t, seen, "dport", refused.Port), map[string]any{"daddr": refused.IP, "result": "ECONNREFUSED"})
}
