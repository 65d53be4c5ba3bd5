package lang

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/probehost/probehost/sdk/expr"
)

// display compiles an expression of any type to the text that shows it.
func (c *compiler) display(e hclsyntax.Expression) *expr.Node {
	e = unwrapped(e)
	if !c.dynamic[e] {
		return c.constantText(e)
	}
	if !c.enter(e) {
		return nil
	}
	defer c.leave()
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		return c.concat(e)
	case *hclsyntax.ConditionalExpr:
		test, a, b := c.condition(e.Condition), c.display(e.TrueResult), c.display(e.FalseResult)
		if test == nil || a == nil || b == nil {
			return nil
		}
		return &expr.Node{Op: expr.Cond, Type: expr.String, Args: []*expr.Node{test, a, b}}
	}
	o := c.operand(e)
	if o == nil {
		return nil
	}
	return shown(o.node)
}

// concat joins the parts of a template, constants that follow each other into one.
func (c *compiler) concat(e *hclsyntax.TemplateExpr) *expr.Node {
	n := &expr.Node{Op: expr.Concat, Type: expr.String}
	failed := false
	for _, part := range e.Parts {
		arg := c.display(part)
		if arg == nil {
			failed = true
			continue
		}
		if last := len(n.Args) - 1; arg.Op == expr.Const && last >= 0 && n.Args[last].Op == expr.Const {
			n.Args[last] = str(n.Args[last].Str + arg.Str)
			continue
		}
		n.Args = append(n.Args, arg)
	}
	if failed {
		return nil
	}
	return n
}

func (c *compiler) constantText(e hclsyntax.Expression) *expr.Node {
	o := c.constant(e)
	if o == nil {
		return nil
	}
	if o = c.converted(o); o == nil {
		return nil
	}
	return str(o.value.AsString())
}

// converted makes a string of a constant, as HCL does for templates and arguments.
func (c *compiler) converted(o *operand) *operand {
	if o.value.Type() == cty.Number && o.value.AsBigFloat().MantExp(nil) > maxExponent {
		c.fail(o.at, "Number out of range", "This number is too large to be written out.")
		return nil
	}
	v, err := convert.Convert(o.value, cty.String)
	if err != nil {
		c.fail(o.at, "Text expected", "This is %s, which cannot be made text.", typeName(o.value.Type()))
		return nil
	}
	return &operand{at: o.at, value: v}
}

func shown(n *expr.Node) *expr.Node {
	return &expr.Node{Op: expr.Text, Type: expr.String, Args: []*expr.Node{n}}
}
