package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/sdk/wire"
)

// configure decodes the configuration of a handler by the schema of its plugin.
func (b *builder) configure(h *Handler, a *asked) {
	d := &decoder{config: b.config, handler: h}
	text, places := d.decode(a.block, h.Config)
	b.add(d.diags)
	h.Path, h.places = a.path, places
	if d.diags.HasErrors() || h.incomplete || b.uncertain(h) {
		return
	}
	h.Open = &wire.OpenRequest{
		Handler: h.Config.Name, Config: text, Expressions: d.expressions, Streams: wireStreams(h.Streams),
		LogLevel: b.config.Host.LogLevel.Or("info"),
	}
}

// uncertain reports whether the handler reads a stream that may have another schema when what is wrong with its block has been mended.
func (b *builder) uncertain(h *Handler) bool {
	return slices.ContainsFunc(h.Streams, func(s *Stream) bool { return b.reported[s.Probe.Source(s.Spec.Name)] })
}

// validate has the plugin check the configurations of its handlers. It is not asked about what is known to be wrong.
func (a *asked) validate(ctx context.Context) {
	for _, h := range a.handlers {
		if h.Open == nil {
			continue
		}
		response, err := a.plugin.Validate(ctx, h.Open)
		if err != nil {
			a.diags = append(a.diags, failure(h.Config.PluginRange, "Plugin does not answer", sentence(err.Error()))...)
			return
		}
		a.diags = append(a.diags, h.Diagnose(response.Diagnostics)...)
	}
}

// maxDiagnostics bounds what a plugin may say about one configuration.
const maxDiagnostics = 100

// Diagnose turns what the plugin says about the handler's configuration into diagnostics that point at the part of the file that it is about.
func (h *Handler) Diagnose(said []*wire.Diagnostic) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for i, w := range said {
		if i == maxDiagnostics {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too many diagnostics", Subject: h.Config.ConfigRange.Ptr(),
				Detail: fmt.Sprintf("The plugin %q has %d more to say.", h.Config.Plugin, len(said)-i)})
			break
		}
		d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: w.GetSummary(), Detail: w.GetDetail(), Subject: h.places.find(w.GetPath()).Ptr()}
		if w.GetSeverity() == wire.Diagnostic_WARNING {
			d.Severity = hcl.DiagWarning
		}
		if d.Detail == "" {
			d.Summary, d.Detail = fmt.Sprintf("Refused by plugin %q", h.Config.Plugin), sentence(named(w.GetPath())+d.Summary)
		}
		diags = append(diags, d)
	}
	return diags
}

// named is the name that a path ends with, as the beginning of a sentence like "top: must be positive".
func named(path []*wire.Step) string {
	for _, step := range slices.Backward(path) {
		if name := step.GetName(); name != "" {
			return name + ": "
		}
	}
	return ""
}
