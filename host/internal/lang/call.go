package lang

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

// calls are the functions that can be evaluated over an event. All take two strings.
var calls = map[string]expr.Op{"startswith": expr.StartsWith, "endswith": expr.EndsWith, "strcontains": expr.Contains}

// call compiles a function call of which an argument mentions event.
func (c *compiler) call(e *hclsyntax.FunctionCallExpr) *expr.Node {
	op, ok := calls[e.Name]
	switch {
	case !ok:
		return c.unknownCall(e)
	case e.ExpandFinal:
		return c.fail(e.Args[len(e.Args)-1].Range(), "Not supported in event expressions", "Arguments cannot be expanded with ... here.")
	case len(e.Args) != 2:
		return c.fail(e.Range(), "Wrong number of arguments", "%s takes two arguments: a text, and what to look for in it.", e.Name)
	}
	a, b := c.operand(e.Args[0]), c.operand(e.Args[1])
	if a == nil || b == nil {
		return nil
	}
	x, y := c.searched(a, nil), c.searched(b, a.field)
	if x == nil || y == nil {
		return nil
	}
	return compare(op, x, y)
}

// searched makes text of an argument, as HCL converts the arguments of its functions. A constant that is looked for in a field must
// fit it.
func (c *compiler) searched(o *operand, in *record.Field) *expr.Node {
	if o.constant() {
		if in != nil && in.Kind != record.Text {
			in = nil
		}
		if o = c.converted(o); o == nil {
			return nil
		}
		return c.text(in, o)
	}
	switch {
	case o.node.Type == expr.String:
		return o.node
	case o.node.Type == expr.InvalidType:
		return c.fail(o.at, "Text expected", "%s.", upper(o.describe()))
	case o.field != nil && (o.field.Format == record.Time || o.field.Format == record.BootTime):
		return c.fail(o.at, "Text expected", "event.%s is %s, which is not text in a condition.", o.field.Name, describe(o.field))
	}
	return shown(o.node)
}

func (c *compiler) unknownCall(e *hclsyntax.FunctionCallExpr) *expr.Node {
	names := make([]string, 0, len(calls))
	for name := range calls {
		names = append(names, name)
	}
	slices.Sort(names)
	for ctx := c.ctx; ctx != nil; ctx = ctx.Parent() {
		if _, ok := ctx.Functions[e.Name]; ok {
			return c.fail(e.NameRange, "Not supported in event expressions", "The function %s works on constants, not on parts of an event.%s",
				e.Name, suggestion.Hint("", "functions that do", names))
		}
	}
	return c.fail(e.NameRange, "Unknown function", "There is no function %q for events.%s", e.Name, suggestion.Hint(e.Name, "functions", names))
}
