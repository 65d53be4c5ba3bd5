package lang

import (
	"math/big"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

var arithmetic = map[*hclsyntax.Operation]expr.Op{
	hclsyntax.OpAdd: expr.Add, hclsyntax.OpSubtract: expr.Sub, hclsyntax.OpMultiply: expr.Mul, hclsyntax.OpDivide: expr.Div,
	hclsyntax.OpModulo: expr.Mod,
}

func (c *compiler) arithmetic(op expr.Op, e *hclsyntax.BinaryOpExpr) *expr.Node {
	a, b := c.operand(e.LHS), c.operand(e.RHS)
	if a == nil || b == nil || !c.isNumber(a) || !c.isNumber(b) {
		return nil
	}
	x, y := a.node, b.node
	switch {
	case x == nil:
		x = c.literal(a, y.Type)
	case y == nil:
		y = c.literal(b, x.Type)
	}
	if x == nil || y == nil {
		return nil
	}
	if (op == expr.Div || op == expr.Mod) && y.Op == expr.Const && y.Int == 0 && y.Uint == 0 {
		return c.fail(b.at, "Division by zero", "This divides by zero.")
	}
	n := &expr.Node{Op: op, Type: expr.Int, Args: []*expr.Node{x, y}}
	if op != expr.Sub && x.Type == expr.Uint && y.Type == expr.Uint {
		n.Type = expr.Uint
	}
	return n
}

// isNumber reports whether the operand is a number, and adds an error if it is not.
func (c *compiler) isNumber(o *operand) bool {
	if o.constant() && o.value.Type() == cty.Number || !o.constant() && isNumber(o.node) {
		return true
	}
	c.fail(o.at, "Number expected", "Only numbers can be calculated with, but %s.", o.describe())
	return false
}

// limits are the least and the greatest value that an operand can have.
func limits(o *operand) (low, high *big.Int) {
	one, bits := big.NewInt(1), uint(64)
	if o.field != nil {
		bits = width(o.field)
	}
	if o.node.Type == expr.Uint {
		high = new(big.Int).Lsh(one, bits)
		return new(big.Int), high.Sub(high, one)
	}
	high = new(big.Int).Lsh(one, bits-1)
	return new(big.Int).Neg(high), high.Sub(high, one)
}

// maxExponent keeps numbers like 1e999999999 from being written out.
const maxExponent = 128

// whole returns a constant number as an integer. One that is far out of every range comes as 2^128 or its negative.
func (c *compiler) whole(k *operand) *big.Int {
	f := k.value.AsBigFloat()
	if f.IsInf() || f.MantExp(nil) > maxExponent {
		v := new(big.Int).Lsh(big.NewInt(1), maxExponent)
		if f.Sign() < 0 {
			v.Neg(v)
		}
		return v
	}
	v, accuracy := f.Int(nil)
	if accuracy != big.Exact {
		c.fail(k.at, "Whole number expected", "The numbers of events are whole, and %s is not.", f.Text('g', 10))
		return nil
	}
	return v
}

// integer returns the number that a constant stands for beside an operand that is a number: itself, or the meaning of a string
// in the field's format.
func (c *compiler) integer(a, k *operand) *big.Int {
	switch k.value.Type() {
	case cty.Number:
		return c.whole(k)
	case cty.String:
		if a.field != nil {
			return c.quantity(a.field, k)
		}
	}
	c.fail(k.at, "Number expected", "%s; it cannot be compared with %s.", upper(a.describe()), typeName(k.value.Type()))
	return nil
}

// quantity reads a string like "5ms" or "1MiB" that is compared with a field.
func (c *compiler) quantity(f *record.Field, k *operand) *big.Int {
	text := k.value.AsString()
	switch f.Format {
	case record.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			c.fail(k.at, "Invalid duration", "event.%s is %s, and %q is not one: write a number and ns, us, ms, s, m or h, as in \"5ms\".", f.Name, describe(f), text)
			return nil
		}
		return big.NewInt(int64(d))
	case record.ByteSize:
		n, err := record.ParseSize(text)
		if err != nil {
			c.fail(k.at, "Invalid size", "event.%s is %s: %s.", f.Name, describe(f), err)
			return nil
		}
		return new(big.Int).SetUint64(n)
	case record.Time, record.BootTime:
		c.fail(k.at, "Not supported yet", "event.%s is %s, and times cannot be compared with text yet.", f.Name, describe(f))
		return nil
	}
	c.fail(k.at, "Number expected", "event.%s is %s; it cannot be compared with a string.", f.Name, describe(f))
	return nil
}

// literal makes a node of a constant by its own type. A number gets the wanted type if it fits.
func (c *compiler) literal(k *operand, want expr.Type) *expr.Node {
	switch k.value.Type() {
	case cty.Bool:
		return boolean(k.value.True())
	case cty.String:
		return str(k.value.AsString())
	case cty.Number:
		v := c.whole(k)
		if v == nil {
			return nil
		}
		if !v.IsInt64() && !v.IsUint64() {
			return c.fail(k.at, "Number out of range", "Numbers of events have 64 bits; %s does not fit.", shortNumber(v))
		}
		return number(v, want)
	}
	return c.fail(k.at, "Not supported in event expressions", "%s cannot be used here.", typeName(k.value.Type()))
}

// number makes a constant of the wanted type, or of the other if it does not fit that.
func number(v *big.Int, want expr.Type) *expr.Node {
	if v.IsUint64() && (want == expr.Uint || !v.IsInt64()) {
		return &expr.Node{Op: expr.Const, Type: expr.Uint, Uint: v.Uint64()}
	}
	return &expr.Node{Op: expr.Const, Type: expr.Int, Int: v.Int64()}
}

func str(s string) *expr.Node { return &expr.Node{Op: expr.Const, Type: expr.String, Str: s} }

func shortNumber(v *big.Int) string {
	if v.BitLen() > maxExponent-1 {
		return "a number this large"
	}
	return v.String()
}
