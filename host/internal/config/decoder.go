package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/probehost/probehost/host/internal/suggestion"
)

// decoder takes blocks apart and collects what is wrong with them.
type decoder struct {
	dir     string
	eval    *hcl.EvalContext
	partial bool // a part of the files could not be read: names that seem unknown may stand there
	diags   hcl.Diagnostics
}

func (d *decoder) add(diags hcl.Diagnostics) { d.diags = append(d.diags, diags...) }

func (d *decoder) fail(r hcl.Range, summary, format string, args ...any) {
	d.add(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &r}})
}

// unsupported is a diagnostic about something that is planned. The cure says what to do until then, without a full stop; it may be empty.
func unsupported(r hcl.Range, what, cure string) *hcl.Diagnostic {
	detail := what + " are not supported by this version of probehost."
	if cure != "" {
		detail += " Until they are, " + cure + "."
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Not supported yet", Detail: detail, Subject: &r}
}

// grammar is what a block may contain.
type grammar struct {
	required []string
	optional []string
	blocks   []hcl.BlockHeaderSchema
	later    []string // names of arguments and blocks that are planned
}

func (g grammar) schema() *hcl.BodySchema {
	s := &hcl.BodySchema{Blocks: g.blocks}
	for _, name := range g.required {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name, Required: true})
	}
	for _, name := range g.optional {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name})
	}
	return s
}

// content takes a body apart. Whatever does not fit the grammar is reported and left out.
func (d *decoder) content(body hcl.Body, g grammar) *hcl.BodyContent {
	content, diags := Content(body, g.schema(), g.later...)
	d.add(diags)
	for _, name := range g.required {
		if a, ok := content.Attributes[name]; ok && isNull(a.Expr, d.eval) {
			d.fail(a.Expr.Range(), "Missing required argument", "The argument %q is required, and must not be null.", name)
			delete(content.Attributes, name)
		}
	}
	return content
}

func isNull(e hcl.Expression, ctx *hcl.EvalContext) bool {
	v, diags := e.Value(ctx)
	return !diags.HasErrors() && v.IsNull()
}

// Content takes a body apart by a schema, as the body's method of that name does. Arguments and blocks named in later are reported as not
// supported yet instead of as unknown.
func Content(body hcl.Body, schema *hcl.BodySchema, later ...string) (*hcl.BodyContent, hcl.Diagnostics) {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		return contentOf(body, schema)
	}
	rest, diags := withoutLater(native, later)
	content, more := contentOf(rest, schema)
	return content, append(diags, more...)
}

// contentOf takes a body apart, and says what was meant, or else what a block takes, where the library does not.
func contentOf(body hcl.Body, schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	content, diags := body.Content(schema)
	for _, d := range diags {
		if named, ok := strings.CutSuffix(d.Detail, " not expected here."); ok {
			_, quoted, _ := strings.Cut(named, `"`)
			name, _, _ := strings.Cut(quoted, `"`)
			d.Detail += expected(schema, name)
		}
	}
	return content, diags
}

// expected is the sentence about a name that a body does not take.
func expected(schema *hcl.BodySchema, given string) string {
	var names []string
	for _, a := range schema.Attributes {
		names = append(names, a.Name)
	}
	for _, b := range schema.Blocks {
		names = append(names, b.Type)
	}
	nouns := "arguments and blocks"
	switch {
	case len(schema.Blocks) == 0:
		nouns = "arguments"
	case len(schema.Attributes) == 0:
		nouns = "blocks"
	}
	return suggestion.Hint(given, nouns+" here", names)
}

// withoutLater reports arguments and blocks that are planned, whatever labels they have, and returns the body without them.
func withoutLater(body *hclsyntax.Body, later []string) (*hclsyntax.Body, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	rest := *body
	rest.Attributes = hclsyntax.Attributes{}
	for name, a := range body.Attributes {
		if slices.Contains(later, name) {
			diags = append(diags, unsupported(a.NameRange, fmt.Sprintf("Arguments named %q", name), ""))
			continue
		}
		rest.Attributes[name] = a
	}
	rest.Blocks = nil
	for _, b := range body.Blocks {
		if slices.Contains(later, b.Type) {
			diags = append(diags, unsupported(b.DefRange(), fmt.Sprintf("Blocks of type %q", b.Type), ""))
			continue
		}
		rest.Blocks = append(rest.Blocks, b)
	}
	return &rest, diags
}

// single returns the only block of that type, nil if there is none; more than one is an error.
func (d *decoder) single(blocks hcl.Blocks, kind string) *hcl.Block {
	var first *hcl.Block
	for _, b := range blocks {
		switch {
		case b.Type != kind:
		case first == nil:
			first = b
		default:
			d.fail(b.DefRange, fmt.Sprintf("Duplicate %s block", kind), "There is a %q block at %s already, and one is all there can be.",
				kind, place(first.DefRange))
		}
	}
	return first
}

// place is a position in text.
func place(r hcl.Range) string {
	return fmt.Sprintf("%s:%d,%d", r.Filename, r.Start.Line, r.Start.Column)
}

// names finds duplicates.
type names map[string]hcl.Range

// claim reports a name that is taken already. The cure is a sentence, or empty.
func (n names) claim(d *decoder, what, name string, r hcl.Range, cure string) bool {
	if first, taken := n[name]; taken {
		detail := fmt.Sprintf("The %s %q is declared at %s already.", what, name, place(first))
		if cure != "" {
			detail += " " + cure
		}
		d.fail(r, fmt.Sprintf("Duplicate %s", what), "%s", detail)
		return false
	}
	n[name] = r
	return true
}

// identifier reports a name that could not be referred to.
func (d *decoder) identifier(what, name string, r hcl.Range) {
	const most = 64
	if !hclsyntax.ValidIdentifier(name) || len(name) > most {
		d.fail(r, fmt.Sprintf("Invalid name of a %s", what), "A name begins with a letter, goes on with letters, digits, _ and -, and "+
			"has at most %d characters.", most)
	}
}
