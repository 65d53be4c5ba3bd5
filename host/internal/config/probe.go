package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/bpf"
	"github.com/probehost/probehost/host/internal/lang"
	"github.com/probehost/probehost/host/internal/suggestion"
)

var hostGrammar = grammar{
	optional: []string{"log_level", "runtime_dir", "plugin_dir"},
	later:    []string{"metrics", "watch", "state_dir"},
}

func (d *decoder) host(b *hcl.Block) Host {
	content := d.content(b.Body, hostGrammar)
	return Host{
		LogLevel:   d.choice(content, "log_level", "trace", "debug", "info", "warn", "error", "off"),
		RuntimeDir: d.path(content, "runtime_dir"),
		PluginDir:  d.path(content, "plugin_dir"),
	}
}

var probeGrammar = grammar{
	required: []string{"object"},
	optional: []string{"first_of", "log_level"},
	blocks: []hcl.BlockHeaderSchema{
		{Type: "attach", LabelNames: []string{"program"}},
		{Type: "stream", LabelNames: []string{"name"}},
	},
	later: []string{"for_each", "count", "pin", "map", "globals"},
}

func (d *decoder) probe(b *hcl.Block) *Probe {
	before := len(d.diags)
	content := d.content(b.Body, probeGrammar)
	p := &Probe{Name: b.Labels[0], NameRange: b.LabelRanges[0], Range: b.DefRange, Incomplete: len(d.diags) > before}
	d.identifier("probe", p.Name, p.NameRange)
	p.Object = d.object(content)
	p.FirstOf = d.firstOf(content)
	p.LogLevel = d.choice(content, "log_level", "off", "error", "warn", "info", "debug")
	streams := names{}
	for _, b := range content.Blocks {
		switch b.Type {
		case "attach":
			p.Attach = append(p.Attach, d.attach(b))
		case "stream":
			if s := d.stream(b); streams.claim(d, "stream", s.Name, s.NameRange, "") {
				p.Streams = append(p.Streams, s)
			}
		}
	}
	return p
}

// object is builtin.NAME or the path of a file.
func (d *decoder) object(content *hcl.BodyContent) Object {
	a, ok := content.Attributes["object"]
	if !ok {
		return Object{}
	}
	r := a.Expr.Range()
	if t, diags := hcl.AbsTraversalForExpr(a.Expr); !diags.HasErrors() && t.RootName() == "builtin" {
		return d.builtin(t, r)
	}
	if word, ok := bareWord(a.Expr, d.eval); ok && slices.Contains(bpf.Names(), word) {
		d.fail(r, "Unknown variable", "There is no variable %s. The built-in object is written builtin.%s.", word, word)
		return Object{}
	}
	v, ok := d.evaluate(a.Expr, "object", cty.String)
	if !ok {
		return Object{}
	}
	text := v.AsString()
	if name, ok := strings.CutPrefix(text, lang.BuiltinPrefix); ok {
		return Object{Builtin: name, Given: true, Range: r}
	}
	if text == "" || strings.ContainsRune(text, 0) {
		d.fail(r, "Invalid object", "This is no path. Write builtin.NAME, or the path of a compiled BPF object: \"./mine.bpf.o\".")
		return Object{}
	}
	return Object{Path: d.resolve(text), Given: true, Range: r}
}

// builtin is builtin.NAME.
func (d *decoder) builtin(t hcl.Traversal, r hcl.Range) Object {
	names := bpf.Names()
	if len(t) == 2 {
		if name, ok := t[1].(hcl.TraverseAttr); ok {
			if !slices.Contains(names, name.Name) {
				d.fail(r, "Unknown object", "There is no built-in object %q.%s", name.Name, suggestion.Hint(name.Name, "built-in objects", names))
				return Object{}
			}
			return Object{Builtin: name.Name, Given: true, Range: r}
		}
	}
	d.fail(r, "Invalid object", "A built-in object is written builtin.NAME.%s", suggestion.Hint("", "built-in objects", names))
	return Object{}
}

func (d *decoder) firstOf(content *hcl.BodyContent) Arg[[]Arg[string]] {
	a, ok := content.Attributes["first_of"]
	if !ok || isNull(a.Expr, d.eval) {
		return Arg[[]Arg[string]]{}
	}
	list, diags := hcl.ExprList(a.Expr)
	if diags.HasErrors() || len(list) == 0 {
		d.fail(a.Expr.Range(), "Invalid first_of", `"first_of" takes a list of the names of programs: ["with_fentry", "with_kprobe"].`)
		return Arg[[]Arg[string]]{}
	}
	result := Arg[[]Arg[string]]{Given: true, Range: a.Expr.Range()}
	seen := names{}
	for _, e := range list {
		v, ok := d.evaluate(e, "first_of", cty.String)
		if ok && seen.claim(d, "alternative", v.AsString(), e.Range(), "") {
			result.Value = append(result.Value, Arg[string]{Value: v.AsString(), Given: true, Range: e.Range()})
		}
	}
	return result
}
