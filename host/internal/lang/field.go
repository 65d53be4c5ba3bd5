package lang

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

// fieldRef resolves event.a.b[0] to the field "a.b[0]". Structs and small arrays of them are flattened, so the name is all there is.
func (c *compiler) fieldRef(t hcl.Traversal, at hcl.Range) (*expr.Node, *record.Field) {
	name := FieldName(t)
	for i := range c.schema.Fields {
		if f := &c.schema.Fields[i]; f.Name == name {
			return &expr.Node{Op: expr.FieldRef, Type: expr.TypeOf(f), Field: i}, f
		}
	}
	return c.unknownField(t, name, at), nil
}

// FieldName is the name of the field that a traversal like event.a.b[0] refers to.
func FieldName(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t[1:] {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			b.WriteString(indexText(step.Key))
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

// indexText is a constant index as part of a name. In a traversal it is a number or a string.
func indexText(key cty.Value) string {
	if key.Type() == cty.Number {
		return "[" + key.AsBigFloat().Text('g', 10) + "]"
	}
	return "." + key.AsString()
}

func (c *compiler) unknownField(t hcl.Traversal, name string, at hcl.Range) *expr.Node {
	names, inside := make([]string, 0, len(c.schema.Fields)), []string(nil)
	for i := range c.schema.Fields {
		f := &c.schema.Fields[i]
		names = append(names, f.Name)
		if rest, ok := strings.CutPrefix(f.Name, name); ok && rest != "" && (rest[0] == '.' || rest[0] == '[') {
			inside = append(inside, "event."+f.Name)
		}
		rest, ok := strings.CutPrefix(name, f.Name)
		if !ok || rest == "" || rest[0] != '.' && rest[0] != '[' {
			continue
		}
		if f.Kind == record.Array && rest[0] == '[' {
			return c.fail(at, "Not supported yet", "An element of an array cannot be read in an expression yet; event.%s is %s.", f.Name, describe(f))
		}
		return c.fail(at, "Unknown field", "event.%s is %s and has no fields of its own.", f.Name, describe(f))
	}
	switch {
	case name == "":
		return c.fail(at, "Field expected", "Name a field of the event, as in event.%s.", example(names))
	case inside != nil:
		return c.fail(at, "Field expected", "event.%s is not a single value; name one of its fields: %s.", name, strings.Join(inside[:min(len(inside), 20)], ", "))
	}
	if len(t) > 1 { // point at the name alone
		at = hcl.RangeBetween(t[1].SourceRange(), t[len(t)-1].SourceRange())
		if _, ok := t[1].(hcl.TraverseAttr); ok {
			at = afterDot(at)
		}
	}
	return c.fail(at, "Unknown field", "The stream's events have no field %q.%s", name, suggestion.Hint(name, "fields", names))
}

// afterDot is the range of an attribute's name: in a traversal the dot before it belongs to it.
func afterDot(r hcl.Range) hcl.Range {
	r.Start.Byte++
	r.Start.Column++
	return r
}

func example(names []string) string {
	if len(names) == 0 {
		return "NAME"
	}
	return names[0]
}

// formats say what a field is for, as a noun.
var formats = map[record.Format]string{
	record.IPv4: "an IPv4 address", record.IPv6: "an IPv6 address", record.IP: "an IP address", record.MAC: "a MAC address",
	record.Port: "a port", record.Protocol: "an IP protocol", record.EtherType: "an Ethernet type", record.Interface: "a network interface",
	record.User: "a user", record.Group: "a group", record.Errno: "an error number", record.Signal: "a signal", record.Time: "a time",
	record.BootTime: "a time", record.Duration: "a duration in nanoseconds", record.Cgroup: "a cgroup's id",
	record.Family: "an address family", record.TCPState: "a TCP state", record.ByteSize: "a size in bytes",
}

// describe says what a field is: its meaning, kind and size.
func describe(f *record.Field) string {
	what, ok := formats[f.Format]
	switch f.Kind {
	case record.Bool:
		return "a bool"
	case record.Text:
		if f.Size == 0 {
			return "text"
		}
		return fmt.Sprintf("text of at most %d bytes", f.Size)
	case record.Bytes:
		switch {
		case ok:
			return what
		case f.Size == 0:
			return "raw bytes"
		}
		return fmt.Sprintf("%d raw bytes", f.Size)
	case record.Array:
		return "an array of numbers"
	case record.Enum:
		if !ok {
			what = "an enum"
		}
		return fmt.Sprintf("%s (%d bits)", what, width(f))
	}
	if !ok {
		what = "a number"
	}
	letter := 'u'
	if f.Kind == record.Int {
		letter = 's'
	}
	return fmt.Sprintf("%s (%c%d)", what, letter, width(f))
}

// width is the number of bits of a field that holds a number.
func width(f *record.Field) uint {
	if f.BitSize != 0 {
		return uint(f.BitSize)
	}
	return 8 * uint(f.Size)
}

// describe says what an operand is, for a sentence.
func (o *operand) describe() string {
	switch {
	case o.field != nil:
		return fmt.Sprintf("event.%s is %s", o.field.Name, describe(o.field))
	case o.constant():
		return "this is " + typeName(o.value.Type())
	}
	return "this is " + map[expr.Type]string{expr.Bool: "a bool", expr.Int: "a number", expr.Uint: "a number", expr.String: "text",
		expr.Bytes: "an address or bytes"}[o.node.Type]
}

func typeName(t cty.Type) string {
	switch t {
	case cty.Number:
		return "a number"
	case cty.String:
		return "a string"
	case cty.Bool:
		return "a bool"
	}
	if t.IsTupleType() {
		return "a list"
	}
	return "an " + t.FriendlyName() // object
}
