package plan

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// compiler is lang.Predicate or lang.Template.
type compiler = func(hcl.Expression, *record.Schema, *hcl.EvalContext) (*expr.Node, hcl.Diagnostics)

// form is an expression compiled for one stream: a node, or diagnostics that say why it does not fit.
type form struct {
	stream *Stream
	at     hcl.Range
	node   *expr.Node
	diags  hcl.Diagnostics
}

// compile compiles an expression for each stream.
func compile(with compiler, e hcl.Expression, streams []*Stream, ctx *hcl.EvalContext) []form {
	forms := make([]form, len(streams))
	for i, s := range streams {
		forms[i].stream, forms[i].at = s, e.Range()
		forms[i].node, forms[i].diags = with(e, s.Spec.Schema, ctx)
	}
	return forms
}

// wire returns the form for the plugin, and whether the expression fits the stream.
func (f *form) wire() (*wire.Compiled, bool) {
	if f.node != nil {
		node, err := wire.EncodeNode(f.node)
		if err == nil {
			return &wire.Compiled{Stream: f.stream.ID, Result: &wire.Compiled_Node{Node: node}}, true
		}
		f.diags = hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Expression too large", Detail: sentence(err.Error()), Subject: &f.at}}
	}
	var text []string
	for _, d := range f.diags {
		text = append(text, d.Detail)
	}
	return &wire.Compiled{Stream: f.stream.ID, Result: &wire.Compiled_Error{Error: strings.Join(text, " ")}}, false
}

// failures joins the diagnostics of all forms. What is the same for every stream is said once, all else with the stream's name.
func failures(forms []form) hcl.Diagnostics {
	type key struct {
		place           hcl.Range
		summary, detail string
	}
	keyOf := func(d *hcl.Diagnostic) key {
		k := key{summary: d.Summary, detail: d.Detail}
		if d.Subject != nil {
			k.place = *d.Subject
		}
		return k
	}
	count := map[key]int{}
	for _, f := range forms {
		seen := map[key]bool{}
		for _, d := range f.diags {
			if k := keyOf(d); !seen[k] {
				seen[k] = true
				count[k]++
			}
		}
	}
	var all hcl.Diagnostics
	said := map[key]bool{}
	for _, f := range forms {
		for _, d := range f.diags {
			k := keyOf(d)
			switch {
			case count[k] < len(forms):
				named := *d
				named.Detail = fmt.Sprintf("For the events of probe.%s: %s", f.stream, d.Detail)
				all = append(all, &named)
			case !said[k]:
				all = append(all, d)
			}
			said[k] = true
		}
	}
	return all
}
