package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

var comparisons = map[*hclsyntax.Operation]expr.Op{
	hclsyntax.OpEqual: expr.Eq, hclsyntax.OpNotEqual: expr.Ne,
	hclsyntax.OpLessThan: expr.Lt, hclsyntax.OpLessThanOrEqual: expr.Le,
	hclsyntax.OpGreaterThan: expr.Gt, hclsyntax.OpGreaterThanOrEqual: expr.Ge,
}

// swapped are the operations that give the same with their operands exchanged.
var swapped = map[expr.Op]expr.Op{expr.Lt: expr.Gt, expr.Le: expr.Ge, expr.Gt: expr.Lt, expr.Ge: expr.Le, expr.Eq: expr.Eq, expr.Ne: expr.Ne}

func (c *compiler) comparison(op expr.Op, e *hclsyntax.BinaryOpExpr) *expr.Node {
	a, b := c.operand(e.LHS), c.operand(e.RHS)
	if a == nil || b == nil {
		return nil
	}
	if a.constant() {
		a, b, op = b, a, swapped[op]
	}
	if a.node.Type == expr.InvalidType {
		return c.fail(a.at, "Not supported yet", "%s, and arrays cannot be compared yet.", upper(a.describe()))
	}
	equality := op == expr.Eq || op == expr.Ne
	if !equality && !isNumber(a.node) {
		return c.fail(a.at, "Number expected", "Only numbers are less or greater than others, but %s.", a.describe())
	}
	if b.constant() {
		return c.withConstant(op, a, b, equality)
	}
	if !(isNumber(a.node) && isNumber(b.node)) && (a.node.Type != b.node.Type || !sameSize(a.field, b.field)) {
		return c.fail(e.Range(), "Types differ", "These cannot be compared: %s and %s.", a.describe(), b.describe())
	}
	return compare(op, a.node, b.node)
}

// sameSize is false for addresses of different families, which are never equal.
func sameSize(a, b *record.Field) bool {
	return a == nil || b == nil || a.Kind != record.Bytes || a.Size == b.Size || a.Size == 0 || b.Size == 0
}

// withConstant compares an operand with a constant.
func (c *compiler) withConstant(op expr.Op, a, k *operand, equality bool) *expr.Node {
	if f := a.field; f != nil && k.value.Type() == cty.String && (f.Kind == record.Enum || isNumber(a.node) && f.Format.Named()) {
		if !equality {
			return c.fail(k.at, "Number expected", "Names can only be equal or not, and event.%s is %s. Compare it with a number.", f.Name, describe(f))
		}
		return c.named(op, a, k)
	}
	if a.node.Type == expr.Bool && k.value.Type() == cty.Bool {
		if k.value.True() == (op == expr.Eq) {
			return a.node
		}
		return not(a.node)
	}
	if isNumber(a.node) {
		return c.withNumber(op, a, k, equality)
	}
	n := c.constantFor(a, k)
	if n == nil {
		return nil
	}
	return compare(op, a.node, n)
}

// withNumber compares a number with a constant, which may be out of its range.
func (c *compiler) withNumber(op expr.Op, a, k *operand, equality bool) *expr.Node {
	v := c.integer(a, k)
	if v == nil {
		return nil
	}
	low, high := limits(a)
	side := 0
	switch {
	case v.Cmp(low) < 0:
		side = -1
	case v.Cmp(high) > 0:
		side = 1
	default:
		return compare(op, a.node, number(v, a.node.Type))
	}
	what := fmt.Sprintf("%s, so it is between %s and %s", a.describe(), low, high)
	if equality {
		return c.fail(k.at, "Number out of range", "%s: it is never %s.", upper(what), shortNumber(v))
	}
	always := (side > 0) == (op == expr.Lt || op == expr.Le)
	c.report(hcl.DiagWarning, k.at, "Number out of range", "%s: this comparison with %s is always %t.", upper(what), shortNumber(v), always)
	return boolean(always)
}

func compare(op expr.Op, a, b *expr.Node) *expr.Node {
	return &expr.Node{Op: op, Type: expr.Bool, Args: []*expr.Node{a, b}}
}

// upper makes a sentence of a description. A field keeps its name.
func upper(s string) string {
	if len(s) > 5 && s[:5] == "this " {
		return "T" + s[1:]
	}
	return s
}
