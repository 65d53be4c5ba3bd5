package lang

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

// named compares a field that shows numbers by name with a name.
func (c *compiler) named(op expr.Op, a, k *operand) *expr.Node {
	f, name := a.field, k.value.AsString()
	if f.Kind == record.Enum {
		for _, v := range f.Values {
			if v.Name == name {
				return compare(op, a.node, sameBits(v.Value, a.node.Type))
			}
		}
		if !f.Format.Named() {
			return c.unknownName(f, k, enumNames(f))
		}
	}
	if f.Format == record.Interface {
		// Interfaces come and go, and a name moves to another index: compare what the field shows at that moment.
		return compare(op, &expr.Node{Op: expr.Text, Type: expr.String, Args: []*expr.Node{a.node}}, str(name))
	}
	v, ok := record.Number(f.Format, name)
	if !ok {
		return c.unknownName(f, k, append(enumNames(f), likeliest(record.Names(f.Format))...))
	}
	low, high := limits(a)
	same := func(v *big.Int) *expr.Node {
		if v.Cmp(low) < 0 || v.Cmp(high) > 0 {
			return nil
		}
		return compare(op, a.node, number(v, a.node.Type))
	}
	n := same(big.NewInt(v))
	if f.Format == record.Errno { // the kernel's functions return errors negated
		n = either(op, n, same(wrapped(f, big.NewInt(-v))))
	}
	if n == nil {
		return c.fail(k.at, "Name out of range", "event.%s is %s, and %q is %d, which does not fit it.", f.Name, describe(f), name, v)
	}
	return n
}

// sameBits is the constant of the given type that has the bits of v.
func sameBits(v int64, t expr.Type) *expr.Node {
	if t == expr.Uint {
		return &expr.Node{Op: expr.Const, Type: t, Uint: uint64(v)}
	}
	return &expr.Node{Op: expr.Const, Type: t, Int: v}
}

// wrapped is what a field holds after v has been stored in it.
func wrapped(f *record.Field, v *big.Int) *big.Int {
	size := new(big.Int).Lsh(big.NewInt(1), width(f))
	v = new(big.Int).Mod(v, size) // never negative
	if expr.TypeOf(f) == expr.Int && v.Bit(int(width(f))-1) == 1 {
		v.Sub(v, size)
	}
	return v
}

// either joins two comparisons of the same field, of which one may be missing: equal to one or the other, or unequal to both.
func either(op expr.Op, a, b *expr.Node) *expr.Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case op == expr.Ne:
		return &expr.Node{Op: expr.And, Type: expr.Bool, Args: []*expr.Node{a, b}}
	}
	return &expr.Node{Op: expr.Or, Type: expr.Bool, Args: []*expr.Node{a, b}}
}

func (c *compiler) unknownName(f *record.Field, k *operand, names []string) *expr.Node {
	return c.fail(k.at, "Unknown name", "event.%s is %s, and %q is not the name of one.%s", f.Name, describe(f), k.value.AsString(),
		suggestion.Hint(k.value.AsString(), "names", names))
}

func enumNames(f *record.Field) []string {
	var names []string
	for _, v := range f.Values {
		names = append(names, v.Name)
	}
	return names
}

// common are the names that people mostly mean, of all that have numbers.
var common = []string{"icmpv6", "sctp", "icmp", "udp", "tcp"}

// likeliest sorts names for suggestions: the common ones, then by what they stand for, as low numbers are in wider use than high ones.
func likeliest(numbers map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(common, b), slices.Index(common, a)), cmp.Compare(numbers[a], numbers[b]), cmp.Compare(a, b))
	})
}
