package plan

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/sdk/wire"
)

// place is where a part of a configuration stands in the file, as a tree that the paths of a plugin's diagnostics lead through.
type place struct {
	at    hcl.Range
	named map[string]*place // attributes, blocks, elements of maps
	list  []*place          // elements of lists, repeated blocks
}

func newPlace(at hcl.Range) *place { return &place{at: at, named: map[string]*place{}} }

// find follows a path as far as it leads.
func (p *place) find(path []*wire.Step) hcl.Range {
	for _, step := range path {
		var next *place
		switch step := step.GetStep().(type) {
		case *wire.Step_Name:
			next = p.named[step.Name]
		case *wire.Step_Index:
			if int64(step.Index) < int64(len(p.list)) {
				next = p.list[step.Index]
			}
		}
		if next == nil {
			break
		}
		p = next
	}
	return p.at
}

// decoder turns the body of a config block into what travels to the plugin: JSON, and expressions compiled for the handler's streams.
type decoder struct {
	config      *config.Config
	handler     *Handler
	expressions []*wire.Expression
	diags       hcl.Diagnostics
}

func (d *decoder) add(diags hcl.Diagnostics) { d.diags = append(d.diags, diags...) }

func (d *decoder) fail(r hcl.Range, summary, format string, args ...any) {
	d.add(failure(r, summary, fmt.Sprintf(format, args...)))
}

// decode returns the configuration as JSON and where its parts stand.
func (d *decoder) decode(b *block, c *config.Handler) (json.RawMessage, *place) {
	values, p := d.body(b, c.Config, c.ConfigRange)
	text, err := json.Marshal(values)
	if err != nil { // strings, numbers that JSON has, and bools
		d.fail(c.ConfigRange, "Invalid configuration", "%s", sentence(err.Error()))
	}
	return text, p
}

func (d *decoder) body(b *block, body hcl.Body, at hcl.Range) (map[string]any, *place) {
	values, p := map[string]any{}, newPlace(at)
	content, diags := config.Content(body, b.schema, "dynamic")
	d.add(diags)
	for _, s := range b.schema.Attributes { // in this order, so that the numbers of expressions do not change from run to run
		given, ok := content.Attributes[s.Name]
		if !ok {
			continue
		}
		value, inner := d.attribute(b.attributes[s.Name], given.Expr)
		if value == nil && s.Required && !d.diags.HasErrors() {
			d.fail(given.Expr.Range(), "Missing required argument", "The argument %q is required, and must not be null.", s.Name)
		}
		if value != nil {
			values[s.Name] = value
		}
		p.named[s.Name] = inner
	}
	for _, s := range b.schema.Blocks {
		n := b.blocks[s.Type]
		if inner := d.blocks(n, content.Blocks, body.MissingItemRange(), values); inner != nil {
			p.named[s.Type] = inner
		}
	}
	return values, p
}

// blocks decodes the blocks of one type into values, and returns where they stand; nil if there are none.
func (d *decoder) blocks(n *nested, all hcl.Blocks, missing hcl.Range, values map[string]any) *place {
	var first *place
	list := []any{}
	for _, given := range all {
		if given.Type != n.Name {
			continue
		}
		if first != nil && !n.Repeated {
			d.fail(given.DefRange, fmt.Sprintf("Duplicate %s block", n.Name), "There is a %q block at line %d already, and one is all there can be.",
				n.Name, first.at.Start.Line)
			continue
		}
		value, p := d.body(n.block, given.Body, given.DefRange)
		for i, label := range n.Labels {
			value[label] = given.Labels[i]
			p.named[label] = newPlace(given.LabelRanges[i])
		}
		if first == nil {
			first = newPlace(given.DefRange)
			if !n.Repeated {
				first = p
			}
		}
		first.list = append(first.list, p)
		list = append(list, value)
	}
	switch {
	case len(list) == 0 && n.Required:
		d.fail(missing, fmt.Sprintf("Missing %s block", n.Name), "A block of type %q is required here.", n.Name)
	case len(list) == 0:
	case n.Repeated:
		values[n.Name] = list
	default:
		values[n.Name] = list[0]
	}
	return first
}
