package plan

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
)

// Build makes the plan of a configuration. The Plan is never nil: with errors it holds what could be resolved, and cannot be run.
// Cancelling ctx ends the plugins that are being asked.
func Build(ctx context.Context, c *config.Config, plugins Plugins) (*Plan, hcl.Diagnostics) {
	b := newBuilder(c)
	b.something()
	b.handlers(ctx, plugins)
	b.finish()
	config.Sort(b.diags)
	return b.plan, b.diags
}

// Sources makes a plan with probes and their streams alone: no plugin is started.
func Sources(c *config.Config) (*Plan, hcl.Diagnostics) {
	b := newBuilder(c)
	config.Sort(b.diags)
	return b.plan, b.diags
}

type builder struct {
	config   *config.Config
	plan     *Plan
	objects  objects
	reported map[*Source]bool     // those whose missing schema has been reported
	xdp      map[string]hcl.Range // where an interface got its XDP program
	diags    hcl.Diagnostics
}

// newBuilder returns a builder that is done with the probes.
func newBuilder(c *config.Config) *builder {
	b := &builder{config: c, plan: &Plan{Config: c}, objects: objects{}, reported: map[*Source]bool{}, xdp: map[string]hcl.Range{}}
	for _, p := range c.Probes {
		b.probe(p)
	}
	return b
}

// something reports probes whose events nobody gets, unless other errors come first or handlers may stand where the files could not be read.
func (b *builder) something() {
	if len(b.config.Probes) == 0 || len(b.config.Handlers) > 0 || b.config.Partial || b.diags.HasErrors() {
		return
	}
	p := b.config.Probes[0]
	b.fail(p.Range, "No handlers", "Nothing would happen: no handler gets the events. One that writes them: handler \"logger\" \"all\" { from = [probe.%s] }", p.Name)
}

func (b *builder) add(diags hcl.Diagnostics) { b.diags = append(b.diags, diags...) }

func (b *builder) fail(r hcl.Range, summary, format string, args ...any) {
	b.add(failure(r, summary, fmt.Sprintf(format, args...)))
}

func failure(r hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &r}}
}
