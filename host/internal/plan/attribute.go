package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/lang"
	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// attribute returns the value of an attribute as JSON has it, nil if it is null or wrong, and where it stands.
func (d *decoder) attribute(a *attribute, e hcl.Expression) (any, *place) {
	switch a.Role {
	case wire.Attribute_PREDICATE, wire.Attribute_TEMPLATE:
		return d.expression(a, e), newPlace(e.Range())
	}
	return d.value(a, a.ty, e)
}

// value descends into lists and maps that are written out, so that each element keeps its own place.
func (d *decoder) value(a *attribute, ty cty.Type, e hcl.Expression) (any, *place) {
	p := newPlace(e.Range())
	if ty.IsListType() {
		if elements, diags := hcl.ExprList(e); !diags.HasErrors() {
			return d.list(a, ty.ElementType(), elements, p), p
		}
		if a.Role == wire.Attribute_FIELD && d.single(e) {
			return d.list(a, ty.ElementType(), []hcl.Expression{e}, p), p
		}
	}
	if ty.IsMapType() {
		if pairs, diags := hcl.ExprMap(e); !diags.HasErrors() {
			return d.mapping(a, ty.ElementType(), pairs, p), p
		}
	}
	if a.Role == wire.Attribute_FIELD && ty == cty.String {
		if t, ok := eventTraversal(e); ok {
			return d.field(lang.FieldName(t), e.Range()), p
		}
	}
	v, ok := d.evaluate(a, ty, e)
	if !ok {
		return nil, p
	}
	return d.leaves(a, v, e.Range()), p
}

// single reports whether the expression is one field, which stands for the list of it: key = event.comm.
func (d *decoder) single(e hcl.Expression) bool {
	if _, ok := eventTraversal(e); ok {
		return true
	}
	v, diags := e.Value(d.config.Eval) // reported where it is used
	return !diags.HasErrors() && v.Type() == cty.String
}

// eventTraversal returns the expression event.NAME.
func eventTraversal(e hcl.Expression) (hcl.Traversal, bool) {
	t, diags := hcl.AbsTraversalForExpr(e)
	return t, !diags.HasErrors() && t.RootName() == "event" && len(t) > 1
}

func (d *decoder) list(a *attribute, ty cty.Type, elements []hcl.Expression, p *place) any {
	list := []any{}
	for _, e := range elements {
		v, inner := d.value(a, ty, e)
		list = append(list, d.notNull(v, e))
		p.list = append(p.list, inner)
	}
	return list
}

func (d *decoder) mapping(a *attribute, ty cty.Type, pairs []hcl.KeyValuePair, p *place) any {
	values := map[string]any{}
	for _, pair := range pairs {
		key, diags := pair.Key.Value(d.config.Eval)
		d.add(diags)
		if !diags.HasErrors() {
			var err error
			if key, err = convert.Convert(key, cty.String); err != nil || key.IsNull() || !key.IsKnown() {
				d.fail(pair.Key.Range(), "Wrong type", "The keys of %q are text.", a.Name)
				continue
			}
			v, inner := d.value(a, ty, pair.Value)
			values[key.AsString()] = d.notNull(v, pair.Value)
			p.named[key.AsString()] = inner
		}
	}
	return values
}

func (d *decoder) notNull(v any, e hcl.Expression) any {
	if v == nil && !d.diags.HasErrors() {
		d.fail(e.Range(), "Invalid value", "An element must not be null.")
	}
	return v
}

// evaluate reports false for null and for what is wrong, the latter having been reported.
func (d *decoder) evaluate(a *attribute, ty cty.Type, e hcl.Expression) (cty.Value, bool) {
	v, diags := config.Evaluate(e, d.config.Eval, ty, a.Name, typeName(a, ty))
	d.add(diags)
	return v, v != cty.NilVal
}

// typeName is what values of the type are called, in the file.
func typeName(a *attribute, ty cty.Type) string {
	name := map[wire.Attribute_Role]string{
		wire.Attribute_DURATION: `duration like "10s"`, wire.Attribute_SIZE: `size like "1MiB"`, wire.Attribute_FIELD: "field of an event",
	}[a.Role]
	switch {
	case ty.IsListType() && a.Role == wire.Attribute_FIELD:
		return name + " or a list of them"
	case ty.IsListType():
		return "list of " + typeName(a, ty.ElementType())
	case ty.IsMapType():
		return "map of " + typeName(a, ty.ElementType())
	case name != "":
		return name
	}
	return ty.FriendlyName()
}

// leaves turns a value into what JSON has, its text as the role says.
func (d *decoder) leaves(a *attribute, v cty.Value, at hcl.Range) any {
	ty := v.Type()
	switch {
	case v.IsNull():
		d.fail(at, "Invalid value", "An element must not be null.")
		return nil
	case ty.IsListType():
		list := []any{}
		for _, element := range v.AsValueSlice() {
			list = append(list, d.leaves(a, element, at))
		}
		return list
	case ty.IsMapType():
		values := map[string]any{}
		for key, element := range v.AsValueMap() {
			values[key] = d.leaves(a, element, at)
		}
		return values
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		number := json.Number(v.AsBigFloat().Text('f', -1))
		return d.oneOf(a, number, number.String(), at)
	}
	return d.text(a, v.AsString(), at)
}

func (d *decoder) text(a *attribute, s string, at hcl.Range) any {
	switch a.Role {
	case wire.Attribute_DURATION:
		n, err := config.ParseDuration(s)
		if err != nil {
			d.fail(at, "Invalid duration", "%q: %v.", a.Name, err)
			return nil
		}
		return int64(n)
	case wire.Attribute_SIZE:
		n, err := record.ParseSize(s)
		if err != nil {
			d.fail(at, "Invalid size", "%q: %v.", a.Name, err)
			return nil
		}
		return n
	case wire.Attribute_FIELD:
		return d.field(s, at)
	}
	return d.oneOf(a, s, s, at)
}

func (d *decoder) oneOf(a *attribute, v any, text string, at hcl.Range) any {
	if len(a.OneOf) == 0 || slices.Contains(a.OneOf, text) {
		return v
	}
	d.fail(at, "Invalid value", "%q takes one of %s, not %q.%s", a.Name, strings.Join(a.OneOf, ", "), text, suggestion.DidYouMean(text, a.OneOf))
	return nil
}

// field is the name of a field that at least one of the handler's streams has.
func (d *decoder) field(name string, at hcl.Range) any {
	have := map[string]bool{}
	for _, s := range d.handler.Streams {
		for _, field := range fieldNames(s.Spec.Schema) {
			have[field] = true
		}
	}
	if !have[name] && !d.handler.incomplete {
		d.fail(at, "Unknown field", "No stream of this handler has a field %q.%s", name,
			suggestion.Hint(name, "fields", slices.Sorted(maps.Keys(have))))
	}
	return name
}

func fieldNames(s *record.Schema) []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

// expression compiles an event expression for every stream of the handler, and returns its number. It has to fit one of them.
func (d *decoder) expression(a *attribute, e hcl.Expression) any {
	if v, diags := e.Value(nil); !diags.HasErrors() && v.IsNull() {
		return nil
	}
	if diags := config.CheckEvent(e); diags.HasErrors() {
		d.add(diags)
		return nil
	}
	with := compiler(lang.Predicate)
	if a.Role == wire.Attribute_TEMPLATE {
		with = lang.Template
	}
	forms := compile(with, e, d.handler.Streams, d.config.Eval)
	w := &wire.Expression{Source: string(e.Range().SliceBytes(d.config.Files[e.Range().Filename].Bytes))}
	fits := false
	for i := range forms {
		c, ok := forms[i].wire()
		fits = fits || ok
		w.Compiled = append(w.Compiled, c)
	}
	switch {
	case !fits && d.handler.incomplete: // it could fit the streams that are missing
		return nil
	case !fits:
		d.add(failures(forms))
		return nil
	}
	d.expressions = append(d.expressions, w)
	return len(d.expressions) - 1
}
