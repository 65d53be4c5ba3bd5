package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/console"
	"github.com/probehost/probehost/host/internal/pipeline"
	"github.com/probehost/probehost/host/internal/plan"
	"github.com/probehost/probehost/host/internal/probe"
)

const runLong = `Loads the probes, starts the handlers, attaches, and runs until Ctrl-C or SIGTERM.

Everything is checked and loaded before anything is attached; an error leaves
nothing behind. At the end it detaches, hands on the events that are still on
their way, and prints on standard error what went where. A second Ctrl-C stops
it at once.

It needs root, or the capabilities that it names when they are missing.`

// drainTime is how long handlers may take to finish at the end.
const drainTime = 10 * time.Second

var errInterrupted = errors.New("interrupted before everything was attached; nothing stays behind")

type runner struct {
	limit   time.Duration
	verbose bool
	err     *os.File // standard error
}

func newRun() *cobra.Command {
	r := &runner{err: os.Stderr}
	cmd := &cobra.Command{
		Use:   "run [PATH]",
		Short: "Load, attach and run a configuration",
		Long:  runLong,
		Example: `  sudo probehost run
  sudo probehost run --for 10s /etc/probehost`,
		Args:              onePath,
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("for") && r.limit <= 0 {
				return usageError(fmt.Errorf("--for %s: must be longer than zero", r.limit))
			}
			ctx, stop := interruptible(cmd)
			defer stop()
			return r.run(ctx, pathOf(args))
		},
	}
	cmd.Flags().DurationVar(&r.limit, "for", 0, "stop after this time, like 10s; 0 runs until it is stopped")
	cmd.Flags().BoolVarP(&r.verbose, "verbose", "v", false, "log at level debug, and show whole verifier logs")
	return cmd
}

func (r *runner) run(ctx context.Context, path string) error {
	c, diags := config.Load(path)
	if diags.HasErrors() {
		return report(r.err, c.Files, diags)
	}
	if err := probe.CheckPrivileges(); err != nil {
		return err
	}
	dir, err := runtimeDir(c)
	if err != nil {
		return err
	}
	p, more := plan.Build(ctx, c, &plan.Processes{Dirs: plan.PluginDirs(c), RuntimeDir: dir})
	if ctx.Err() != nil {
		return errInterrupted
	}
	diags = append(diags, more...)
	config.Sort(diags)
	if err := report(r.err, c.Files, diags); err != nil {
		return err
	}
	return r.start(ctx, p, dir)
}

// start runs the plan to its end.
func (r *runner) start(ctx context.Context, p *plan.Plan, dir string) error {
	// A reader of our output that goes away must not end us before we have detached, and neither must a terminal.
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, syscall.SIGPIPE)
	defer signal.Stop(ignored)
	if !signal.Ignored(syscall.SIGHUP) {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}

	unwritable := make(chan struct{}, 1)
	screen := console.New(os.Stdout, r.err, func(error) { unwritable <- struct{}{} })
	log := r.logger(p.Config, screen.Log())
	line, err := pipeline.Start(ctx, pipeline.Options{Plan: p, Output: screen, Terminal: screen.Terminal, Log: log, RuntimeDir: dir})
	if err != nil {
		if ctx.Err() != nil {
			log.Debug("the start was interrupted", "error", err)
			err = errInterrupted
		}
		_ = finish(screen) // it printed nothing that matters now
		if errors.Is(err, errInterrupted) {
			return err
		}
		return r.explain(p, err)
	}
	for _, l := range line.Links() {
		log.Info("attached", append([]any{"program", l.Program, "type", l.Type, "target", l.Target}, note(l)...)...)
	}
	log.Info("running", "probes", len(p.Probes), "streams", len(p.Streams), "handlers", len(p.Handlers))

	ended := r.wait(ctx, line, screen, unwritable)
	log.Debug("stopping: detaching, and waiting for the handlers to finish")
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if errors.Is(ended, pipeline.ErrNoHandler) { // Stop says which stopped, and why
		log.Error("no handler is left: stopping")
		ended = nil
	}
	ended = errors.Join(ended, line.Stop(drain))
	screen.Settle()
	fmt.Fprintf(screen.Log(), "\n%s", line.Summary())
	unwritten := finish(screen)
	if errors.Is(unwritten, console.ErrUnread) {
		return &statusError{status: exitFailed} // an error would wait for a reader, too
	}
	return errors.Join(ended, unwritten)
}

// finish has everything written.
func finish(screen *console.Console) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	return screen.Close(ctx)
}

// wait returns when it is time to stop, with the reason if it is not a wish or that standard output cannot be written: the screen tells of that.
func (r *runner) wait(ctx context.Context, line *pipeline.Pipeline, screen *console.Console, unwritable <-chan struct{}) error {
	var over <-chan time.Time
	if r.limit > 0 {
		over = time.After(r.limit)
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			return nil
		case err := <-line.Failed():
			return err
		case <-unwritable:
			return nil
		case <-resized:
			if width, height, ok := screen.Terminal(); ok {
				screen.Redraw()
				line.Resize(width, height)
			}
		}
	}
}

func note(l probe.LinkInfo) []any {
	if l.Note == "" {
		return nil
	}
	return []any{"note", l.Note}
}

// explain prints why the pipeline did not start, with places in the files.
func (r *runner) explain(p *plan.Plan, err error) error {
	if err := report(r.err, p.Config.Files, diagnose(p, err)); err != nil && !errors.Is(err, errReported) {
		return err
	}
	verifierLogs(r.err, err, r.verbose)
	return errReported
}

// logger writes text to a terminal and JSON elsewhere.
func (r *runner) logger(c *config.Config, w io.Writer) hclog.Logger {
	level := hclog.LevelFromString(c.Host.LogLevel.Or("info"))
	if r.verbose {
		level = min(level, hclog.Debug)
	}
	o := &hclog.LoggerOptions{Name: "probehost", Level: level, Output: w, JSONFormat: true, IndependentLevels: true} // log_level of a probe
	if term.IsTerminal(int(r.err.Fd())) {
		o.JSONFormat, o.TimeFormat = false, "15:04:05.000"
		if os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
			o.Color, o.ColorHeaderOnly = hclog.ForceColor, true
		}
	}
	return hclog.New(o)
}

// runtimeDir is the folder for sockets: that of the configuration or of the service manager, else a usual one.
func runtimeDir(c *config.Config) (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("probehost-%d", os.Geteuid()))
	switch given, xdg := os.Getenv("RUNTIME_DIRECTORY"), os.Getenv("XDG_RUNTIME_DIR"); {
	case c.Host.RuntimeDir.Given:
		dir = c.Host.RuntimeDir.Value
	case given != "":
		dir = given
	case os.Geteuid() == 0:
		dir = "/run/probehost"
	case xdg != "":
		dir = filepath.Join(xdg, "probehost")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("runtime_dir: %w; name a folder that can be written in the host block", err)
	}
	return dir, private(dir)
}

// private returns an error if somebody else could put things of their own in place of what is in the folder: sockets lead to plugins.
func private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("runtime_dir: %w", err)
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	switch mode := info.Mode(); {
	case owner != 0 && int(owner) != os.Geteuid():
		return fmt.Errorf("runtime_dir %s belongs to user %d, who could replace what is in it; name a folder of your own in the host block", dir, owner)
	case mode.Perm()&0o022 != 0 && mode&os.ModeSticky == 0:
		return fmt.Errorf("runtime_dir %s can be written by others, who could replace what is in it; take their permission away (chmod go-w)", dir)
	}
	return nil
}
