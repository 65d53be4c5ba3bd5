package sdk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/wire"
	"go.uber.org/goleak"
)

// The test binary is also a plugin, under the name hello.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "hello" {
		sdk.Main(sdk.NewType(sdk.Info{Name: "hello", Version: "1.0", Doc: "Greets."},
			func(context.Context, *sdk.Host, struct {
				Whom string `hcl:"whom,optional" default:"world"`
			}) (sdk.Handler, error) {
				return nil, nil
			}))
	}
	goleak.VerifyTestMain(m)
}

// hello returns the path of the plugin.
func hello(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hello")
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A plugin ends when its parent does, even if nothing tells it.
func TestParentDies(t *testing.T) {
	cmd := exec.Command("sh", "-c", `"$0" >&2 & echo $!; read answer`, hello(t))
	dir, err := os.MkdirTemp("", "sdk") // t.TempDir's are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), wire.CookieKey+"="+wire.CookieValue, "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stderr).ReadString('\n'); err != nil || !strings.HasPrefix(line, "1|1|unix|"+dir) {
		t.Fatalf("handshake %q, %v", line, err)
	}
	if err := stdin.Close(); err != nil { // the shell ends
		t.Fatal(err)
	}
	_ = cmd.Wait() // its read has failed
	for wait := time.Now().Add(8 * time.Second); time.Now().Before(wait); time.Sleep(20 * time.Millisecond) {
		state, err := os.ReadFile("/proc/" + strings.TrimSpace(pid) + "/stat")
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(state), ") Z ") {
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it left its folder: %v", err)
			}
			return
		}
	}
	t.Errorf("process %s survived its parent", pid)
}

func TestByHand(t *testing.T) {
	path := hello(t)
	for _, test := range []struct {
		name, args     string
		stdout, stderr string // parts of them; empty: they are empty
		status         int
	}{
		{"nothing", "", "", "It is not run by hand", 1},
		{"help", "--help", `handler "hello" "example" {`, "", 0},
		{"version", "--version", "hello 1.0\n", "", 0},
		{"describe", "--describe", `"default": "world"`, "", 0},
		{"unknown", "--colour", "", `hello: unknown argument "--colour", want --help, --describe, --debug or --version`, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.Command(path, strings.Fields(test.args)...)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			status := 0
			if err := cmd.Run(); err != nil {
				var exit *exec.ExitError
				if !errors.As(err, &exit) {
					t.Fatal(err)
				}
				status = exit.ExitCode()
			}
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			for _, o := range [][2]string{{stdout.String(), test.stdout}, {stderr.String(), test.stderr}} {
				if !strings.Contains(o[0], o[1]) || o[1] == "" && o[0] != "" {
					t.Errorf("printed %q, want %q", o[0], o[1])
				}
			}
			if test.name == "describe" && !json.Valid([]byte(stdout.String())) {
				t.Errorf("not JSON: %s", stdout.String())
			}
		})
	}
}
