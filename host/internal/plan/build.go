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
	reported map[*Source]bool // those whose missing schema has been reported
	diags    hcl.Diagnostics
}

// newBuilder returns a builder that is done with the probes.
func newBuilder(c *config.Config) *builder {
	b := &builder{config: c, plan: &Plan{Config: c}, objects: objects{}, reported: map[*Source]bool{}}
	for _, p := range c.Probes {
		b.probe(p)
	}
	return b
}

func (b *builder) add(diags hcl.Diagnostics) { b.diags = append(b.diags, diags...) }

func (b *builder) fail(r hcl.Range, summary, format string, args ...any) {
	b.add(failure(r, summary, fmt.Sprintf(format, args...)))
}

func failure(r hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &r}}
}
