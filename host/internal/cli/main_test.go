package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/probehost/probehost/sdk"
)

// tallyConfig is that of tally, a plugin for the scripts here.
type tallyConfig struct {
	Key   sdk.FieldName   `hcl:"key" doc:"Field to count by."`
	Top   int             `hcl:"top,optional" default:"5" doc:"Rows to show."`
	Style string          `hcl:"style,optional" default:"plain" oneof:"plain,fancy"`
	Token string          `hcl:"token,optional" sensitive:"true"`
	Waits []time.Duration `hcl:"waits,optional"`
	Rules []tallyRule     `hcl:"rule,block" doc:"What to count."`
	Total *struct {
		Every time.Duration `hcl:"every"`
	} `hcl:"total,block"`
}

type tallyRule struct {
	Name string        `hcl:"name,label"`
	When sdk.Predicate `hcl:"when,optional" doc:"Events that do not match are left out."`
	Text sdk.Template  `hcl:"text,optional"`
	Most sdk.Size      `hcl:"most,optional"`
}

func (c tallyConfig) Validate(*sdk.Host) error {
	if c.Top < 1 {
		return sdk.Errorf(sdk.Path{"top"}, "must be at least 1, not %d", c.Top)
	}
	return nil
}

func tally() {
	info := sdk.Info{Name: "tally", Version: "1.2.3", Doc: "Counts events by a field."}
	sdk.Main(sdk.NewType(info, func(context.Context, *sdk.Host, tallyConfig) (sdk.Handler, error) {
		return sdk.HandlerFunc(func(context.Context, *sdk.Batch) error { return nil }), nil
	}))
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"probehost": func() { os.Exit(Main("v0.0.0-test")) },
		"tally":     tally,
		// dud is an executable that is no plugin.
		"dud": func() { fmt.Fprintln(os.Stderr, "dud: out of order"); os.Exit(7) },
	})
}

// TestScripts runs the commands as a user does. The plugins tally and dud are in the folders tallies and duds.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "", // writes golden files anew: read them before you commit them
		Setup: func(env *testscript.Env) error {
			for dir, name := range map[string]string{"tallies": "tally", "duds": "dud"} {
				program, err := exec.LookPath(name)
				if err != nil {
					return err
				}
				if err := os.Mkdir(filepath.Join(env.WorkDir, dir), 0o755); err != nil {
					return err
				}
				if err := os.Symlink(program, filepath.Join(env.WorkDir, dir, name)); err != nil {
					return err
				}
			}
			env.Setenv("PROBEHOST_PLUGIN_PATH", "tallies")
			return nil
		},
		Condition: func(c string) (bool, error) {
			if c != "root" {
				return false, fmt.Errorf("unknown condition %q", c)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}

// status wants a command to end with an exit status: status 3 probehost fmt --check.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status NUMBER COMMAND...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}
