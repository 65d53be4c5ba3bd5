package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

// Predicate compiles a condition over the events of a stream with the given schema, which is valid. The node is nil exactly when there
// are errors; there may be warnings besides it. The context is that of the rest of the file.
func Predicate(e hcl.Expression, s *record.Schema, ctx *hcl.EvalContext) (*expr.Node, hcl.Diagnostics) {
	return compile(e, s, ctx, (*compiler).condition, func(n *expr.Node) error {
		_, err := expr.NewPredicate(n, s)
		return err
	})
}

// Template compiles a text with parts of an event in it. An expression of any type will do: a number is shown as a template shows it.
// Results are as for [Predicate].
func Template(e hcl.Expression, s *record.Schema, ctx *hcl.EvalContext) (*expr.Node, hcl.Diagnostics) {
	return compile(e, s, ctx, (*compiler).display, func(n *expr.Node) error {
		_, err := expr.NewTemplate(n, s)
		return err
	})
}

func compile(e hcl.Expression, s *record.Schema, ctx *hcl.EvalContext, root func(*compiler, hclsyntax.Expression) *expr.Node,
	check func(*expr.Node) error) (*expr.Node, hcl.Diagnostics) {
	native, ok := e.(hclsyntax.Expression)
	if !ok {
		r := e.Range()
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Not supported in event expressions",
			Detail: "Event expressions are written in the native syntax of HCL, not in JSON.", Subject: &r}}
	}
	c := &compiler{schema: s, ctx: ctx, dynamic: map[hclsyntax.Expression]bool{}}
	c.diags = hclsyntax.Walk(native, &marker{dynamic: c.dynamic})
	n := root(c, native)
	if !c.diags.HasErrors() {
		if err := check(n); err != nil {
			c.fail(native.Range(), "Expression too large", "This does not fit an event expression: %s.", err)
		}
	}
	if c.diags.HasErrors() {
		return nil, c.diags
	}
	return n, c.diags
}

// compiler turns one expression into a tree. Its methods return nil after they have added an error.
type compiler struct {
	schema  *record.Schema
	ctx     *hcl.EvalContext
	dynamic map[hclsyntax.Expression]bool // expressions that mention event
	diags   hcl.Diagnostics
	depth   int
}

func (c *compiler) fail(r hcl.Range, summary, format string, args ...any) *expr.Node {
	c.report(hcl.DiagError, r, summary, format, args...)
	return nil
}

func (c *compiler) report(severity hcl.DiagnosticSeverity, r hcl.Range, summary, format string, args ...any) {
	c.diags = append(c.diags, &hcl.Diagnostic{Severity: severity, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &r})
}

// marker walks an expression and marks all that mention event, from the inside out.
type marker struct {
	dynamic map[hclsyntax.Expression]bool
	parents []hclsyntax.Node
}

func (m *marker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	m.parents = append(m.parents, n)
	if t, ok := n.(*hclsyntax.ScopeTraversalExpr); ok && t.Traversal.RootName() == root {
		for _, p := range m.parents {
			if e, ok := p.(hclsyntax.Expression); ok {
				m.dynamic[e] = true
			}
		}
	}
	return nil
}

func (m *marker) Exit(hclsyntax.Node) hcl.Diagnostics {
	m.parents = m.parents[:len(m.parents)-1]
	return nil
}

// root is the name by which expressions speak of the event.
const root = "event"

// operand is a compiled expression in a place where its type is not settled yet.
type operand struct {
	at    hcl.Range
	node  *expr.Node    // nil for a constant
	value cty.Value     // of a constant: known, not null
	field *record.Field // the field that the node refers to, if that is all that it does
}

func (o *operand) constant() bool { return o.node == nil }

// operand compiles an expression outside of template positions.
func (c *compiler) operand(e hclsyntax.Expression) *operand {
	e = unwrapped(e)
	if !c.dynamic[e] {
		return c.constant(e)
	}
	if !c.enter(e) {
		return nil
	}
	defer c.leave()
	o := &operand{at: e.Range()}
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		o.node, o.field = c.fieldRef(e.Traversal, e.Range())
	case *hclsyntax.UnaryOpExpr:
		o.node = c.unary(e)
	case *hclsyntax.BinaryOpExpr:
		o.node = c.binary(e)
	case *hclsyntax.ConditionalExpr:
		o.node = c.conditional(e)
	case *hclsyntax.FunctionCallExpr:
		o.node = c.call(e)
	case *hclsyntax.TemplateExpr:
		c.fail(e.Range(), "Not supported in event expressions", "A text made of several parts can be shown, but not compared. Compare the parts.")
	default:
		c.unsupported(e)
	}
	if o.node == nil {
		return nil
	}
	return o
}

// unwrapped takes off parentheses, and the quotes of a template that is a single expression.
func unwrapped(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch outer := e.(type) {
		case *hclsyntax.ParenthesesExpr:
			e = outer.Expression
		case *hclsyntax.TemplateWrapExpr:
			e = outer.Wrapped
		default:
			return e
		}
	}
}

// enter counts a level of nesting, which leave takes back. It reports whether there was one left.
func (c *compiler) enter(e hclsyntax.Expression) bool {
	if c.depth == expr.MaxDepth {
		c.fail(e.Range(), "Expression too deep", "An event expression can be nested %d deep; this one goes deeper.", expr.MaxDepth)
		return false
	}
	c.depth++
	return true
}

func (c *compiler) leave() { c.depth-- }

func (c *compiler) unary(e *hclsyntax.UnaryOpExpr) *expr.Node {
	if e.Op == hclsyntax.OpLogicalNot {
		return not(c.condition(e.Val))
	}
	o := c.operand(e.Val)
	if o == nil || !c.isNumber(o) {
		return nil
	}
	return &expr.Node{Op: expr.Neg, Type: expr.Int, Args: []*expr.Node{o.node}}
}

func (c *compiler) binary(e *hclsyntax.BinaryOpExpr) *expr.Node {
	switch e.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		return c.logic(e)
	}
	if op, ok := arithmetic[e.Op]; ok {
		return c.arithmetic(op, e)
	}
	if op, ok := comparisons[e.Op]; ok {
		return c.comparison(op, e)
	}
	return c.fail(e.Range(), "Not supported in event expressions", "This operator is not known here.")
}

// unsupported explains why an expression of HCL has no meaning over an event.
func (c *compiler) unsupported(e hclsyntax.Expression) {
	what, more := "This kind of expression", ""
	switch e.(type) {
	case *hclsyntax.ForExpr, *hclsyntax.TemplateJoinExpr:
		what = "A for expression"
	case *hclsyntax.SplatExpr:
		what = "A splat expression"
	case *hclsyntax.IndexExpr, *hclsyntax.RelativeTraversalExpr:
		what, more = "An index", " Fields are named as in event.pid."
	case *hclsyntax.TupleConsExpr, *hclsyntax.ObjectConsExpr:
		what, more = "A list or an object with parts of an event", " Lists of constants will do where a function takes one."
	}
	c.fail(e.Range(), "Not supported in event expressions", "%s cannot be evaluated over an event.%s", what, more)
}
