package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/sdk/expr"
)

// condition compiles an expression that must be true or false.
func (c *compiler) condition(e hclsyntax.Expression) *expr.Node {
	o := c.operand(e)
	switch {
	case o == nil:
		return nil
	case o.constant() && o.value.Type() == cty.Bool:
		return boolean(o.value.True())
	case !o.constant() && o.node.Type == expr.Bool:
		return o.node
	}
	if o.constant() && o.value.Type() == cty.String && strings.Contains(o.value.AsString(), root+".") {
		return c.fail(o.at, "Condition expected", "This is a string. Write the condition without the quotes.")
	}
	return c.fail(o.at, "Condition expected", "A condition is true or false, but %s. Compare it with something, as in event.pid == 1.", o.describe())
}

// logic compiles a chain of && or ||. HCL nests a chain to the left; the tree has all terms side by side.
func (c *compiler) logic(e *hclsyntax.BinaryOpExpr) *expr.Node {
	var terms []hclsyntax.Expression
	left := hclsyntax.Expression(e)
	for {
		b, ok := left.(*hclsyntax.BinaryOpExpr)
		if !ok || b.Op != e.Op || !c.dynamic[left] {
			break
		}
		terms = append(terms, b.RHS)
		left = b.LHS
	}
	terms = append(terms, left)
	op, neutral := expr.And, true
	if e.Op == hclsyntax.OpLogicalOr {
		op, neutral = expr.Or, false
	}
	n := &expr.Node{Op: op, Type: expr.Bool}
	failed, settled := false, false
	for _, e := range slices.Backward(terms) {
		term := c.condition(e)
		switch {
		case term == nil:
			failed = true
		case term.Op == expr.Const:
			settled = settled || term.Bool != neutral
		default:
			n.Args = append(n.Args, term)
		}
	}
	switch {
	case failed:
		return nil
	case settled: // one term alone decides, wherever it stands: no term has an effect
		return boolean(!neutral)
	case len(n.Args) == 0:
		return boolean(neutral)
	case len(n.Args) == 1:
		return n.Args[0]
	}
	return n
}

// conditional compiles a ? b : c outside of template positions.
func (c *compiler) conditional(e *hclsyntax.ConditionalExpr) *expr.Node {
	test, a, b := c.condition(e.Condition), c.operand(e.TrueResult), c.operand(e.FalseResult)
	if test == nil || a == nil || b == nil {
		return nil
	}
	x, y := c.alike(a, b, e.Range())
	if x == nil || y == nil {
		return nil
	}
	if test.Op == expr.Const {
		if test.Bool {
			return x
		}
		return y
	}
	return &expr.Node{Op: expr.Cond, Type: x.Type, Args: []*expr.Node{test, x, y}}
}

// alike gives both branches of a conditional the same type.
func (c *compiler) alike(a, b *operand, at hcl.Range) (x, y *expr.Node) {
	switch {
	case a.constant() && b.constant():
		return c.alikeConstants(a, b, at)
	case a.constant():
		x, y = c.constantFor(b, a), b.node
	case b.constant():
		x, y = a.node, c.constantFor(a, b)
	default:
		x, y = a.node, b.node
	}
	if x == nil || y == nil {
		return nil, nil
	}
	if x.Type == expr.InvalidType || x.Type != y.Type && !(isNumber(x) && isNumber(y)) {
		return c.fail(at, "Types differ", "Both results of a conditional must be of one type, but %s and %s.", a.describe(), b.describe()), nil
	}
	if x.Type != y.Type {
		x, y = c.signed(x, a), c.signed(y, b)
	}
	return x, y
}

func (c *compiler) alikeConstants(a, b *operand, at hcl.Range) (x, y *expr.Node) {
	if a.value.Type() != b.value.Type() {
		return c.fail(at, "Types differ", "Both results of a conditional must be of one type, but these are %s and %s.",
			typeName(a.value.Type()), typeName(b.value.Type())), nil
	}
	x, y = c.literal(a, expr.Int), c.literal(b, expr.Int)
	if x != nil && y != nil && x.Type != y.Type { // one is above the largest int64
		return c.fail(at, "Number out of range", "These two numbers do not fit one type of 64 bits."), nil
	}
	return x, y
}

// signed turns an unsigned number into a signed one, if no value of it is too large.
func (c *compiler) signed(n *expr.Node, o *operand) *expr.Node {
	switch {
	case n.Type == expr.Int:
		return n
	case o.field == nil || width(o.field) > 63:
		return c.fail(o.at, "Types differ", "The other result of the conditional is signed, but this is an unsigned number of 64 bits.")
	}
	return &expr.Node{Op: expr.Add, Type: expr.Int, Args: []*expr.Node{n, {Op: expr.Const, Type: expr.Int}}}
}

func boolean(v bool) *expr.Node { return &expr.Node{Op: expr.Const, Type: expr.Bool, Bool: v} }

func not(n *expr.Node) *expr.Node {
	switch {
	case n == nil:
		return nil
	case n.Op == expr.Const:
		return boolean(!n.Bool)
	}
	return &expr.Node{Op: expr.Not, Type: expr.Bool, Args: []*expr.Node{n}}
}

func isNumber(n *expr.Node) bool { return n.Type == expr.Int || n.Type == expr.Uint }
