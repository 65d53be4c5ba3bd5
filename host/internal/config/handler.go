package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/host/internal/suggestion"
)

var handlerGrammar = grammar{
	required: []string{"from"},
	optional: []string{"where"},
	blocks:   []hcl.BlockHeaderSchema{{Type: "queue"}, {Type: "config"}},
	later:    []string{"for_each", "count"},
}

func (d *decoder) handler(b *hcl.Block) *Handler {
	content := d.content(b.Body, handlerGrammar)
	h := &Handler{
		Plugin: b.Labels[0], PluginRange: b.LabelRanges[0], Name: b.Labels[1], NameRange: b.LabelRanges[1], Range: b.DefRange,
		Where:       d.where(content),
		Config:      &hclsyntax.Body{SrcRange: b.DefRange, EndRange: b.DefRange},
		ConfigRange: b.DefRange,
	}
	d.identifier("plugin", h.Plugin, h.PluginRange)
	d.identifier("handler", h.Name, h.NameRange)
	if a, ok := content.Attributes["from"]; ok {
		before := len(d.diags)
		h.From, h.FromRange = d.refs(a.Expr), a.Expr.Range()
		h.Incomplete = len(d.diags) > before
	} else {
		h.Incomplete = true
	}
	if b := d.single(content.Blocks, "queue"); b != nil {
		h.Queue = d.queue(b)
	}
	if b := d.single(content.Blocks, "config"); b != nil {
		h.Config, h.ConfigRange = b.Body, b.DefRange
	}
	return h
}

// maxQueue is the size of the largest queue in bytes.
const maxQueue = 1 << 31

var queueGrammar = grammar{optional: []string{"size", "overflow"}, later: []string{"limit"}}

func (d *decoder) queue(b *hcl.Block) Queue {
	content := d.content(b.Body, queueGrammar)
	overflow := d.choice(content, "overflow", "drop_newest", "drop_oldest", "block", "spill")
	if overflow.Given && overflow.Value != "drop_newest" {
		d.add(hcl.Diagnostics{unsupported(overflow.Range, fmt.Sprintf("Queues with overflow = %q", overflow.Value), `use "drop_newest"`)})
	}
	return Queue{Size: d.size(content, "size", 64<<10, maxQueue)}
}

// refs is the list of a handler's from.
func (d *decoder) refs(e hcl.Expression) []Ref {
	list, diags := hcl.ExprList(e)
	if diags.HasErrors() {
		cure := "[probe.NAME]"
		if t, diags := hcl.AbsTraversalForExpr(e); !diags.HasErrors() && t.RootName() == "probe" && len(t) > 1 {
			cure = "[" + traversalText(t) + "]"
		} else if text, ok := literal(e); ok {
			cure = "[" + unquoted(text) + "], without quotes"
		}
		d.fail(e.Range(), "Invalid from", `"from" takes a list of probes and streams, in brackets: from = %s.`, cure)
		return nil
	}
	if len(list) == 0 {
		d.fail(e.Range(), "Invalid from", "A handler needs at least one probe or stream: from = [probe.NAME].")
	}
	var refs []Ref
	seen := names{}
	for _, e := range list {
		if r, ok := d.ref(e); ok && seen.claim(d, "source", r.String(), r.Range, "") {
			refs = append(refs, r)
		}
	}
	return refs
}

// ref is probe.NAME or probe.NAME.STREAM.
func (d *decoder) ref(e hcl.Expression) (Ref, bool) {
	const how = "Refer to all streams of a probe as probe.NAME and to one of them as probe.NAME.STREAM, without quotes."
	if text, ok := literal(e); ok {
		d.fail(e.Range(), "Reference in quotes", "A probe is referred to without quotes: %s.", unquoted(text))
		return Ref{}, false
	}
	t, diags := hcl.AbsTraversalForExpr(e)
	if diags.HasErrors() {
		d.fail(e.Range(), "Invalid reference", "%s", how)
		return Ref{}, false
	}
	r := Ref{Range: e.Range()}
	for i, step := range t[1:] {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			name := step.SrcRange
			name.Start.Byte, name.Start.Column = name.Start.Byte+1, name.Start.Column+1 // without the dot
			switch i {
			case 0:
				r.Probe, r.ProbeRange = step.Name, name
			case 1:
				r.Stream, r.StreamRange = step.Name, name
			}
		default:
			d.add(hcl.Diagnostics{unsupported(step.SourceRange(), `References like probe.x["key"], to one of several probes made by "for_each",`, "")})
			return Ref{}, false
		}
	}
	if t.RootName() != "probe" || len(t) < 2 || len(t) > 3 {
		detail := how
		if t.RootName() != "probe" && len(t) < 3 {
			detail += fmt.Sprintf(" Here: probe.%s.", traversalText(t))
		}
		d.fail(e.Range(), "Invalid reference", "%s", detail)
		return Ref{}, false
	}
	return r, true
}

// literal returns the text of an expression that is a text.
func literal(e hcl.Expression) (string, bool) {
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return "", false
	}
	return v.AsString(), true
}

// unquoted guesses the reference that somebody wrote as a string.
func unquoted(s string) string {
	s = strings.TrimPrefix(s, "probe.")
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if !hclsyntax.ValidIdentifier(p) || len(parts) > 2 {
			return "probe.NAME or probe.NAME.STREAM"
		}
	}
	return "probe." + s
}

func traversalText(t hcl.Traversal) string {
	names := []string{t.RootName()}
	for _, step := range t[1:] {
		if a, ok := step.(hcl.TraverseAttr); ok {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ".")
}

// references checks that the probes exist that handlers refer to, and that plugin blocks are for plugins that handlers use.
func (d *decoder) references(c *Config) {
	if c.Partial {
		return
	}
	var have, used []string
	for _, p := range c.Probes {
		have = append(have, p.Name)
	}
	for _, h := range c.Handlers {
		used = append(used, h.Plugin)
		for _, r := range h.From {
			if c.Probe(r.Probe) == nil {
				d.fail(r.ProbeRange, "Unknown probe", "There is no probe %q.%s", r.Probe, suggestion.Hint(r.Probe, "probes", have))
			}
		}
	}
	for _, p := range c.Plugins {
		if !slices.Contains(used, p.Name) {
			d.add(hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "Unused plugin block", Subject: p.NameRange.Ptr(),
				Detail: fmt.Sprintf("No handler uses the plugin %q.%s", p.Name, suggestion.DidYouMean(p.Name, used))}})
		}
	}
}

var pluginGrammar = grammar{optional: []string{"path"}, later: []string{"memory", "restart", "user", "env", "allow", "sha256"}}

func (d *decoder) plugin(b *hcl.Block) *Plugin {
	content := d.content(b.Body, pluginGrammar)
	p := &Plugin{Name: b.Labels[0], NameRange: b.LabelRanges[0], Range: b.DefRange, Path: d.path(content, "path")}
	d.identifier("plugin", p.Name, p.NameRange)
	return p
}
