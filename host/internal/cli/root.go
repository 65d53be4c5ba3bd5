// Package cli is the commands of probehost, one file for each.
//
// Results go to standard output, errors and warnings to standard error. A command that has printed its diagnostics returns [errReported]; every
// other error is printed by [Main], once.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/probehost/probehost/host/internal/suggestion"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1 // something is wrong, with the configuration or with running it
	exitUsage   = 2 // the command line is wrong
	exitChanges = 3 // fmt --check: a file is not formatted
)

// errReported says that the command failed and that the user knows why.
var errReported = errors.New("failed")

// statusError ends the program with a status of its own. Without an error inside nothing is printed.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// Main runs the command that the program's arguments name, and returns the exit status. Version is that of the build, empty if unknown.
func Main(version string) int {
	root := newRoot(version)
	cmd, err := root.ExecuteC()
	if err == nil {
		return exitOK
	}
	status := exitFailed
	if own, ok := errors.AsType[*statusError](err); ok {
		if status, err = own.status, own.err; err == nil {
			return status
		}
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintf(os.Stderr, "Error: %s\n", printable(err.Error()))
		if status == exitUsage {
			fmt.Fprintf(os.Stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
		}
	}
	return status
}

const rootLong = `probehost loads the eBPF probes that an HCL file names, turns what they emit into
typed events, and hands those to handler plugins that run as separate processes.

The configuration is a file, or a folder whose *.hcl files are read in lexical
order; without a PATH it is ./probes.hcl.`

const rootExample = `  probehost validate          check ./probes.hcl; needs no root
  sudo probehost run          load, attach and run it until Ctrl-C
  probehost schema            the streams, and the fields of their events
  probehost plugins           the handlers that can be used, and their config`

const exitHelp = `
Exit status:
  0  all is well
  1  the configuration is wrong, or running it failed
  2  the command line is wrong
  3  fmt --check: a file is not formatted
`

func newRoot(version string) *cobra.Command {
	root := &cobra.Command{
		Use:           "probehost",
		Short:         "Run eBPF probes and hand their events to plugins",
		Long:          rootLong,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.Version = versionLine(version)
	root.SetVersionTemplate("{{.Version}}")
	root.Flags().Bool("version", false, "print the version") // without the short form that the library would add
	// "probehost" alone only shows the help: it is not worth a line.
	usage := strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable .HasParent}}", 1)
	root.SetUsageTemplate(usage + "{{if not .HasParent}}" + exitHelp + "{{end}}")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	root.AddCommand(newRun(), newValidate(), newSchema(), newPlugins(), newFmt(), newVersion(version))
	return root
}

func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &statusError{status: exitUsage, err: err}
}

// unknownCommand is for words after "probehost" that are no command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usageError(fmt.Errorf("unknown command %q.%s", args[0], suggestion.Hint(args[0], "commands", names)))
}

// interruptible returns a context that ends with Ctrl-C or SIGTERM. After the first of them, the next ends the program at once.
func interruptible(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
