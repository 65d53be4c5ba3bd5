package lang

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

// constant evaluates an expression that does not mention event.
func (c *compiler) constant(e hclsyntax.Expression) *operand {
	if c.bareField(e) || c.unknownConstant(e) {
		return nil
	}
	if t, ok := e.(*hclsyntax.ScopeTraversalExpr); ok && len(t.Traversal) == 1 {
		if _, known := c.variable(t.Traversal.RootName()); !known {
			c.fail(e.Range(), "Unknown variable", "There is no variable %s. Write text in quotes: %q.", t.Traversal.RootName(), t.Traversal.RootName())
			return nil
		}
	}
	v, diags := e.Value(c.ctx)
	c.diags = append(c.diags, diags...)
	if diags.HasErrors() {
		return nil
	}
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() {
		c.fail(e.Range(), "No value", "An event expression needs a value here, but this is null or not known.")
		return nil
	}
	return &operand{at: e.Range(), value: v}
}

// bareField finds a variable that does not exist but is the name of a field: people forget the event.
func (c *compiler) bareField(e hclsyntax.Expression) bool {
	found := false
	for _, t := range e.Variables() {
		name := t.RootName()
		if _, ok := c.variable(name); ok {
			continue
		}
		for i := range c.schema.Fields {
			if f := c.schema.Fields[i].Name; f == name || strings.HasPrefix(f, name+".") || strings.HasPrefix(f, name+"[") {
				c.fail(t.SourceRange(), "Unknown variable", "There is no variable %q. Fields of the event are named as in event.%s.", name, f)
				found = true
				break
			}
		}
	}
	return found
}

func (c *compiler) variable(name string) (cty.Value, bool) {
	for ctx := c.ctx; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[name]; ok {
			return v, true
		}
	}
	return cty.NilVal, false
}

// unknownConstant finds a name that a group of constants does not have, like proto.tpc.
func (c *compiler) unknownConstant(e hclsyntax.Expression) bool {
	found := false
	for _, t := range e.Variables() {
		group, ok := c.variable(t.RootName())
		if !ok || !group.Type().IsObjectType() || len(t) < 2 {
			continue
		}
		name, ok := t[1].(hcl.TraverseAttr)
		if !ok || group.Type().HasAttribute(name.Name) {
			continue
		}
		numbers := map[string]int64{}
		for have := range group.Type().AttributeTypes() {
			numbers[have] = 0
			if v := group.GetAttr(have); v.Type() == cty.Number {
				numbers[have], _ = v.AsBigFloat().Int64()
			}
		}
		c.fail(afterDot(name.SrcRange), "Unknown constant", "There is no %s.%s.%s", t.RootName(), name.Name,
			suggestion.Hint(name.Name, "constants", likeliest(numbers)))
		found = true
	}
	return found
}

// constantFor makes a node of a constant that stands beside an operand, of the operand's type or another kind of number.
func (c *compiler) constantFor(a, k *operand) *expr.Node {
	t := k.value.Type()
	switch a.node.Type {
	case expr.Bool:
		if t == cty.Bool {
			return boolean(k.value.True())
		}
	case expr.Int, expr.Uint:
		if t == cty.Number {
			return c.literal(k, a.node.Type)
		}
	case expr.String:
		if t == cty.String {
			return c.text(a.field, k)
		}
	case expr.Bytes:
		if t == cty.String {
			return c.bytes(a.field, k)
		}
	}
	return c.fail(k.at, "Types differ", "%s; it does not go with %s.", upper(a.describe()), typeName(t))
}

// text makes a string constant, and refuses one that can never be in the field.
func (c *compiler) text(f *record.Field, k *operand) *expr.Node {
	s := k.value.AsString()
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return c.fail(k.at, "String never matches", "Text in events ends before its first NUL character, and this string holds one.")
	case f != nil && f.Size != 0 && len(s) > int(f.Size):
		return c.fail(k.at, "String never matches", "event.%s is %s, and this string has %d.", f.Name, describe(f), len(s))
	}
	return str(s)
}

// bytes reads an address, or hexadecimal digits.
func (c *compiler) bytes(f *record.Field, k *operand) *expr.Node {
	s := k.value.AsString()
	n := &expr.Node{Op: expr.Const, Type: expr.Bytes}
	if f == nil {
		return c.fail(k.at, "Types differ", "Only a field itself can be compared with an address in a string.")
	}
	switch f.Format {
	case record.IPv4, record.IPv6, record.IP:
		a, err := netip.ParseAddr(s)
		fits := err == nil && a.Zone() == "" && (f.Format != record.IPv4 || a.Is4()) && (f.Format != record.IPv6 || a.Is6())
		if !fits {
			return c.fail(k.at, "Invalid address", "event.%s is %s, and %q is not one.%s", f.Name, describe(f), s, addressHint(s))
		}
		if f.Format == record.IPv4 {
			n.Str = string(a.AsSlice())
		} else {
			wide := a.As16()
			n.Str = string(wide[:])
		}
	case record.MAC:
		a, err := net.ParseMAC(s)
		if err != nil || len(a) != 6 {
			return c.fail(k.at, "Invalid address", "event.%s is %s, and %q is not one: write it as in \"02:00:5e:10:00:01\".", f.Name, describe(f), s)
		}
		n.Str = string(a)
	default:
		b, err := hex.DecodeString(s)
		if err != nil || f.Size != 0 && len(b) != int(f.Size) {
			return c.fail(k.at, "Invalid bytes", "event.%s is %s, which compare with that many pairs of hexadecimal digits, not with %q.", f.Name, describe(f), s)
		}
		n.Str = string(b)
	}
	return n
}

func addressHint(s string) string {
	if strings.Contains(s, "/") {
		return " Networks cannot be compared yet."
	}
	return ""
}
