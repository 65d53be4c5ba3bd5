package plug

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"github.com/probehost/probehost/sdk/wire"
)

// Options say which plugin to run, and how.
type Options struct {
	Name       string
	Path       string       // of the executable, as [Find] returns it
	Log        hclog.Logger // gets what the plugin logs and prints; nil: nowhere
	RuntimeDir string       // folder for its socket; empty: the system's for temporary files

	StartTimeout time.Duration // until it is ready; 0: 10 s
	DrainTimeout time.Duration // for what it has received when it is closed; 0: 10 s
}

const (
	defaultStartTimeout = 10 * time.Second
	defaultDrainTimeout = 10 * time.Second
)

// Error says that a plugin could not be started.
type Error struct {
	Name, Path string
	What       string // continues "plugin NAME"
	Output     string // what it wrote last, each line after a line break
	Err        error
}

func (e *Error) Error() string {
	return fmt.Sprintf("plugin %s (%s) %s%s", e.Name, e.Path, e.What, e.Output)
}

func (e *Error) Unwrap() error { return e.Err }

// Launch starts a plugin, or connects to one that was started with --debug and is named by [wire.ReattachVariable], and returns when it is
// ready for calls. Ctx is for starting alone.
func Launch(ctx context.Context, o Options) (*Process, error) {
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = defaultStartTimeout
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = defaultDrainTimeout
	}
	if at, ok, err := reattachment(o.Name); err != nil {
		return nil, err
	} else if ok {
		return reattach(ctx, o, at)
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, &Error{Name: o.Name, Path: o.Path, What: "cannot be found: " + err.Error(), Err: err}
	}
	dir, err := socketDir(o.RuntimeDir)
	if err != nil {
		return nil, &Error{Name: o.Name, Path: path, What: "has no place for its socket: " + err.Error(), Err: err}
	}
	p := newProcess(o, dir)
	if err := p.start(ctx, path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	go p.watch()
	return p, nil
}

// start returns when the plugin is ready. After an error its process is gone.
func (p *Process) start(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, p.options.StartTimeout)
	defer cancel()
	out := newOutput(p.options.Log)
	c := newChild(path, p.dir, out)
	p.child = c
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshakeConfig(),
		Plugins:          plugin.PluginSet{wire.PluginName: &p.connection},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			// The plugin removes its folder when the host is dead, so nothing else may be in it. Ours also has the shorter path.
			c.cmd.Env = environment(append(cmd.Env, plugin.EnvUnixSocketDir+"="+p.dir))
			return c, os.Remove(dir)
		},
		StartTimeout:     2 * p.options.StartTimeout, // ctx ends before
		Logger:           hclog.NewNullLogger(),      // what there is to say is said here
		SyncStdout:       &lineWriter{line: out.stdout},
		SyncStderr:       &lineWriter{line: out.stderr},
		GRPCDialOptions:  p.connection.dialOptions(),
		SkipHostEnv:      true,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: p.dir},
	})
	ready := make(chan error, 1)
	go func() { ready <- p.connect() }()
	var err error
	select {
	case err = <-ready:
		if err == nil {
			return nil
		}
		c.kill()
	case <-ctx.Done():
		c.kill()
		err = errors.Join(ctx.Err(), <-ready)
	case <-c.handshake.refused:
		c.kill()
		err = <-ready
	}
	if c.process() != 0 {
		<-c.exited
	}
	p.connection.close()
	return p.explain(path, err)
}

// connect starts the process and makes the connection. It does not return before the process is ready or dead.
func (p *Process) connect() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	_, err = protocol.Dispense(wire.PluginName)
	return err
}

// explain makes an error of what kept the plugin from starting.
func (p *Process) explain(path string, err error) error {
	c := p.child
	e := &Error{Name: p.options.Name, Path: path, Err: err, Output: c.output.words.String()}
	refusal := c.handshake.refusal()
	switch {
	case refusal != "":
		e.What = refusal
	case c.process() == 0:
		e.What = "does not start: " + explainExec(err)
	case errors.Is(err, context.DeadlineExceeded):
		e.What = fmt.Sprintf("was not ready within %s; a plugin must call sdk.Main first thing and do slow work in its open function", p.options.StartTimeout)
	case errors.Is(err, context.Canceled):
		e.What = "was interrupted while it started"
	case c.succeeded():
		e.What = c.ending() + " before it was ready; is it a probehost plugin, does its main function call sdk.Main?"
	default:
		e.What = c.ending() + " before it was ready"
	}
	return e
}

// explainExec says why the kernel did not run a file.
func explainExec(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file, or the interpreter or loader that it names is missing"
	case errors.Is(err, fs.ErrPermission):
		return "it is not executable (chmod +x), or lies on a file system mounted noexec"
	case errors.Is(err, syscall.ENOEXEC):
		return "it is no program for this machine; was it built for another architecture?"
	}
	return err.Error()
}

func handshakeConfig() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
	}
}
