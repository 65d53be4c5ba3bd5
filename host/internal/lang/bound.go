package lang

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bounds of what the for expressions of one file may do. One inside another multiplies, so that a few lines could run for years, or
// fill the memory with a text that doubles in each of them. Nothing else in HCL costs more than it is long.
const (
	maxWork   = 1 << 19 // about the number of values made; a file of use stays far below
	maxLoops  = 8       // for expressions in one another
	errorWork = 1 << 10 // what an error costs: each round of a loop can report one
	maxBits   = 1 << 14 // of a number; printing a longer one takes longer than it could mean anything
)

// Bound has the for expressions of a file fail when together they do too much, from then on and whoever evaluates them. The file must not
// be evaluated by several goroutines at the same time.
func Bound(body *hclsyntax.Body) hcl.Diagnostics {
	return hclsyntax.Walk(body, &bounder{budget: &budget{left: maxWork}})
}

// bounder walks a file and puts a toll on what its for expressions evaluate again and again.
type bounder struct {
	budget *budget
	loops  []*hclsyntax.ForExpr // those around
}

func (b *bounder) Enter(n hclsyntax.Node) hcl.Diagnostics {
	loop, ok := n.(*hclsyntax.ForExpr)
	if !ok {
		return nil
	}
	b.loops = append(b.loops, loop)
	if len(b.loops) > maxLoops {
		if len(b.loops) > maxLoops+1 {
			return nil // has been reported
		}
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Nested too deeply", Subject: loop.SrcRange.Ptr(),
			Detail: fmt.Sprintf("For expressions may be nested %d deep.", maxLoops)}}
	}
	// The loop's own variables are not there yet when its collection is made.
	loop.CollExpr = b.toll(loop.CollExpr, b.loops[:len(b.loops)-1])
	for _, e := range []*hclsyntax.Expression{&loop.KeyExpr, &loop.ValExpr, &loop.CondExpr} {
		if *e != nil {
			*e = b.toll(*e, b.loops)
		}
	}
	return nil
}

func (b *bounder) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if _, ok := n.(*hclsyntax.ForExpr); ok {
		b.loops = b.loops[:len(b.loops)-1]
	}
	return nil
}

func (b *bounder) toll(e hclsyntax.Expression, around []*hclsyntax.ForExpr) *toll {
	variables := map[string]bool{}
	for _, loop := range around {
		variables[loop.KeyVar], variables[loop.ValVar] = true, true
	}
	r := e.Range()
	t := &toll{
		ParenthesesExpr: hclsyntax.ParenthesesExpr{Expression: e, SrcRange: r}, budget: b.budget,
		fixed: 1 + (r.End.Byte-r.Start.Byte)/4, outer: len(around) == 0, loop: b.loops[0].SrcRange,
	}
	for _, v := range e.Variables() {
		if variables[v.RootName()] {
			t.variables = append(t.variables, v.RootName())
		}
	}
	return t
}

// budget is what is left to be done.
type budget struct{ left int }

// pay reports whether there was enough left.
func (b *budget) pay(work int) bool {
	b.left -= min(work, b.left+1) // not far below zero
	return b.left >= 0
}

// toll evaluates an expression as long as the budget lasts. It is a pair of parentheses to all who look at the tree.
type toll struct {
	hclsyntax.ParenthesesExpr
	budget    *budget
	fixed     int      // work for what the expression itself holds
	variables []string // those of loops that it mentions, as often as it does
	outer     bool     // no loop is around
	loop      hcl.Range
}

func (t *toll) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	// Whoever comes late is stopped without a word, unless nobody around has reported it.
	if t.budget.left < 0 {
		if t.outer {
			return t.exhausted(nil)
		}
		return cty.DynamicVal, nil
	}
	work := t.fixed
	for _, name := range t.variables {
		for c := ctx; c != nil; c = c.Parent() {
			if v, ok := c.Variables[name]; ok {
				work += size(v, t.budget.left-work)
				break
			}
		}
	}
	if !t.budget.pay(work) {
		return t.exhausted(nil)
	}
	v, diags := t.Expression.Value(ctx)
	if t.budget.left < 0 {
		return cty.DynamicVal, diags // a loop inside has reported it
	}
	if !t.budget.pay(size(v, t.budget.left) + errorWork*len(diags)) {
		return t.exhausted(diags)
	}
	return v, diags
}

func (t *toll) exhausted(diags hcl.Diagnostics) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too much to evaluate", Subject: &t.loop,
		Detail: "The for expressions of this file go over too many values, or make too long ones. Shorten the lists, or do not nest them."})
}

// size is how many values there are in a value, long texts counting as many. It stops counting beyond most.
func size(v cty.Value, most int) int {
	v, _ = v.Unmark()
	n := 1
	switch ty := v.Type(); {
	case v.IsNull() || !v.IsKnown():
	case ty == cty.String:
		n += len(v.AsString()) / 16
	case ty == cty.Number:
		if e := v.AsBigFloat().MantExp(nil); max(e, -e) > maxBits {
			n += maxWork
		}
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next() && n <= most; {
			_, element := it.Element()
			n += size(element, most-n)
		}
	}
	return n
}
