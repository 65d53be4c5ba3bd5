package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/plug"
	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/wire"
)

// Plugins is where plugins come from. Its methods may be called by several goroutines.
type Plugins interface {
	// Find returns the path of a plugin's executable: the path given, if there is one.
	Find(name, path string) (string, error)
	// Launch starts it.
	Launch(ctx context.Context, name, path string) (Plugin, error)
}

// Plugin is a running plugin; [plug.Process] is one.
type Plugin interface {
	Describe(context.Context) (*wire.DescribeResponse, error)
	Validate(context.Context, *wire.OpenRequest) (*wire.ValidateResponse, error)
	Close(context.Context) error
}

// Processes runs plugins as processes.
type Processes struct {
	Dirs       []string     // searched in this order, see [plug.Directories]
	Log        hclog.Logger // for what plugins say while they are asked; nil discards it
	RuntimeDir string       // for sockets; empty: the system's folder for temporary files
}

func (p *Processes) Find(name, path string) (string, error) { return plug.Find(name, path, p.Dirs) }

func (p *Processes) Launch(ctx context.Context, name, path string) (Plugin, error) {
	process, err := plug.Launch(ctx, plug.Options{Name: name, Path: path, Log: p.Log, RuntimeDir: p.RuntimeDir})
	if err != nil {
		return nil, err
	}
	return process, nil
}

// PluginDirs are the folders that plugins of a configuration are searched in: its own first.
func PluginDirs(c *config.Config) []string {
	dirs := plug.Directories()
	if c.Host.PluginDir.Given {
		dirs = append([]string{c.Host.PluginDir.Value}, dirs...)
	}
	return dirs
}

// closeTimeout is how long a plugin that was asked may take to end. Calls have deadlines of their own.
const closeTimeout = 5 * time.Second

// asked is a plugin that handlers of the configuration use.
type asked struct {
	name     string
	handlers []*Handler
	path     string
	plugin   Plugin
	block    *block
	diags    hcl.Diagnostics
}

// handlers plans all handlers. Each plugin is started once, all at the same time, and asked about all of its handlers.
func (b *builder) handlers(ctx context.Context, plugins Plugins) {
	var all []*asked
	for _, c := range b.config.Handlers {
		h := b.handler(c)
		i := slices.IndexFunc(all, func(a *asked) bool { return a.name == c.Plugin })
		if i < 0 {
			i, all = len(all), append(all, &asked{name: c.Plugin})
		}
		all[i].handlers = append(all[i].handlers, h)
	}
	// Decoding takes no time; waiting for processes does.
	each(all, func(a *asked) { a.start(ctx, plugins, b.config) })
	for _, a := range all {
		if a.block == nil {
			continue
		}
		for _, h := range a.handlers {
			b.configure(h, a)
		}
	}
	each(all, func(a *asked) { a.validate(ctx) })
	each(all, func(a *asked) { a.close(ctx) })
	for _, a := range all {
		b.add(a.diags)
	}
}

func each(all []*asked, do func(*asked)) {
	var wg sync.WaitGroup
	for _, a := range all {
		wg.Go(func() { do(a) })
	}
	wg.Wait()
}

// start starts the plugin and has it describe itself. What goes wrong is said at its first handler or, if that names the path, at the plugin
// block.
func (a *asked) start(ctx context.Context, plugins Plugins, c *config.Config) {
	at := a.handlers[0].Config.PluginRange
	given := ""
	if p := c.Plugin(a.name); p != nil && p.Path.Given {
		at, given = p.Path.Range, p.Path.Value
	}
	path, err := plugins.Find(a.name, given)
	if err != nil {
		a.diags = notFound(at, err)
		return
	}
	a.path = path
	if a.plugin, err = plugins.Launch(ctx, a.name, path); err != nil {
		a.diags = failure(at, "Plugin does not start", sentence(err.Error()))
		return
	}
	d, err := a.plugin.Describe(ctx)
	if err != nil {
		a.diags = failure(at, "Plugin does not answer", sentence(err.Error()))
		return
	}
	if a.block, err = newBlock(d.Config); err != nil {
		a.diags = failure(at, "Plugin is broken", fmt.Sprintf("The plugin %q describes its configuration wrongly: %v.", a.name, err))
	}
}

func notFound(at hcl.Range, err error) hcl.Diagnostics {
	if missing, ok := errors.AsType[*plug.NotFoundError](err); ok {
		return failure(at, "Unknown plugin", fmt.Sprintf("There is no plugin %q.%s It was searched in %s. Say where it is: plugin %q { path = \"...\" }.",
			missing.Name, suggestion.Hint(missing.Name, "plugins", missing.Others), strings.Join(missing.Dirs, ", "), missing.Name))
	}
	return failure(at, "Cannot use the plugin", sentence(err.Error()))
}

// close ends the plugin.
func (a *asked) close(ctx context.Context) {
	if a.plugin == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := a.plugin.Close(ctx); err != nil && !a.diags.HasErrors() {
		a.diags = append(a.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Plugin does not end well",
			Detail: sentence(err.Error()), Subject: a.handlers[0].Config.PluginRange.Ptr()})
	}
}
