package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk"
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

func TestByHand(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hello")
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
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
