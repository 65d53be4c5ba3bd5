package plug

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/wire"
)

// debugged starts the obedient plugin with --debug, and sets the variable that it prints.
func debugged(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(pluginPath(t, "obedient"), "--debug")
	dir, err := os.MkdirTemp("", "plug") // t.TempDir's are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	var stderr bytes.Buffer
	cmd.Env = append(os.Environ(), "PLUGIN_UNIX_SOCKET_DIR="+dir)
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // most tests have ended it
		_ = cmd.Wait()
		for line := range strings.Lines(stderr.String()) { // somebody is going to look at it
			if !strings.Contains(line, "msg=opened") {
				t.Errorf("--debug says %q", line)
			}
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), wire.ReattachVariable+"='"); ok {
			t.Setenv(wire.ReattachVariable, strings.TrimSuffix(value, "'"))
			return cmd
		}
	}
	t.Fatal("--debug printed no variable", lines.Err())
	return nil
}

func TestReattach(t *testing.T) {
	cmd := debugged(t)
	if path, err := Find("obedient", "", nil); err != nil || path != "(PROBEHOST_REATTACH)" {
		t.Errorf("found %q, %v", path, err)
	}
	for range 2 { // one host after the other
		p, err := Launch(t.Context(), Options{Name: "obedient"})
		if err != nil {
			t.Fatal(err)
		}
		if p.Pid() != cmd.Process.Pid {
			t.Errorf("pid %d, want %d", p.Pid(), cmd.Process.Pid)
		}
		if r, err := p.Open(t.Context(), request("print")); err != nil || len(r.Diagnostics) > 0 {
			t.Fatal(r, err)
		}
		s, err := p.Stream(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		send(t, s, 1)
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if output, acked, err := receive(s); output != "2 records of p.s\nclosed\n" || acked != 1 || !errors.Is(err, io.EOF) {
			t.Errorf("got %q, acknowledged %d, %v", output, acked, err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

// A host that fails between Open and Stream does not take the plugin away from the next.
func TestReattachAfterFailure(t *testing.T) {
	debugged(t)
	for range 2 {
		p, err := Launch(t.Context(), Options{Name: "obedient"})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := p.Open(t.Context(), request("print")); err != nil || len(r.Diagnostics) > 0 {
			t.Error(r, err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestReattachedDies(t *testing.T) {
	cmd := debugged(t)
	p, err := Launch(t.Context(), Options{Name: "obedient"})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	select {
	case <-p.Done():
	case <-time.After(5 * time.Second):
		t.Error("nobody noticed")
	}
	if err := p.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "started with --debug, has ended") {
		t.Errorf("closed with %v", err)
	}
	if _, err := Launch(t.Context(), Options{Name: "obedient"}); err == nil || !strings.Contains(err.Error(), "is it still running with --debug?") {
		t.Errorf("attached to a dead plugin: %v", err)
	}
}

func TestReattachErrors(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"not JSON", "x", "PROBEHOST_REATTACH is not what a plugin's --debug prints"},
		{"version", `{"obedient":{"version":2,"socket":"/tmp/x","pid":1}}`, "speaks version 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(wire.ReattachVariable, test.value)
			if _, err := Launch(t.Context(), Options{Name: "obedient"}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
