package expr

import (
	"encoding/binary"
	"math"

	"github.com/probehost/probehost/sdk/record"
)

// comparison compiles Eq to Ge.
func (c compiler) comparison(n *Node) condition {
	op, a, b := n.Op, n.Args[0], n.Args[1]
	switch a.Type {
	case Bool:
		x, y, same := c.condition(a), c.condition(b), op == Eq
		return func(rec []byte) bool { return (x(rec) == y(rec)) == same }
	case String, Bytes:
		return c.sameBytes(a, b, op == Eq)
	}
	if a.Op == Const {
		op, a, b = mirrored(op), b, a
	}
	if a.Op == FieldRef && b.Op == Const {
		r, ok := boundsOf(op, a.Type, b)
		if !ok {
			return always(!r.inside)
		}
		return inRange(c.field(a), r)
	}
	return c.compareNumbers(op, a, b)
}

// mirrored is the operation that gives the same result with its arguments exchanged.
func mirrored(op Op) Op {
	switch op {
	case Lt:
		return Gt
	case Le:
		return Ge
	case Gt:
		return Lt
	case Ge:
		return Le
	}
	return op
}

// bounds are the values that a comparison of a field with a constant is true for: those from low to low+span when inside is
// set, else all others. In two's complement v-low <= span finds them with one comparison, for signed and unsigned alike.
type bounds struct {
	low, span uint64
	inside    bool
}

func (r bounds) hold(v uint64) bool { return (v-r.low <= r.span) == r.inside }

// boundsOf returns the bounds for op between a field of type t and a constant. It is not ok when no value of the type is
// within them: the comparison then always gives !inside.
func boundsOf(op Op, t Type, k *Node) (r bounds, ok bool) {
	least, value := uint64(0), k.Uint
	if t == Int {
		least = 1 << 63 // the bits of the smallest int64
	}
	below, above := false, false // the constant lies outside of what t can hold
	if k.Type == Int {
		value = uint64(k.Int)
		below = t == Uint && k.Int < 0
	} else {
		above = t == Int && k.Uint > math.MaxInt64
	}
	r.inside = op == Eq || op == Lt || op == Le
	switch op {
	case Eq, Ne:
		r.low = value
		return r, !below && !above
	case Lt, Ge: // values below the constant
		r.low, r.span = least, value-least-1
		ok = !below && value != least
	default: // Le, Gt: values up to the constant
		r.low, r.span = least, value-least
		ok = !below
	}
	if above { // all values are
		r.span = math.MaxUint64
		ok = true
	}
	return r, ok
}

// inRange compares a field with constant bounds.
func inRange(f *record.Field, r bounds) condition {
	off, end := int(f.Offset), int(f.Offset)+int(f.Size)
	low, span, inside, short := r.low, r.span, r.inside, r.hold(0)
	switch encodingOf(f) {
	case u8:
		return func(rec []byte) bool {
			if len(rec) < end {
				return short
			}
			return (uint64(rec[off])-low <= span) == inside
		}
	case le16:
		return func(rec []byte) bool {
			if len(rec) < end {
				return short
			}
			return (uint64(binary.LittleEndian.Uint16(rec[off:]))-low <= span) == inside
		}
	case be16:
		return func(rec []byte) bool {
			if len(rec) < end {
				return short
			}
			return (uint64(binary.BigEndian.Uint16(rec[off:]))-low <= span) == inside
		}
	case le32:
		return func(rec []byte) bool {
			if len(rec) < end {
				return short
			}
			return (uint64(binary.LittleEndian.Uint32(rec[off:]))-low <= span) == inside
		}
	case sle32:
		return func(rec []byte) bool {
			if len(rec) < end {
				return short
			}
			return (uint64(int32(binary.LittleEndian.Uint32(rec[off:])))-low <= span) == inside
		}
	case le64:
		return func(rec []byte) bool {
			if len(rec) < end {
				return short
			}
			return (binary.LittleEndian.Uint64(rec[off:])-low <= span) == inside
		}
	}
	return func(rec []byte) bool { return (f.Uint(rec)-low <= span) == inside }
}

// compareNumbers compares any two numbers, exactly when their signs differ.
func (c compiler) compareNumbers(op Op, a, b *Node) condition {
	if op == Gt || op == Le { // a > b is b < a; a <= b is not b < a
		a, b = b, a
	}
	want := op == Eq || op == Lt || op == Gt
	x, y := c.quantity(a), c.quantity(b)
	mixed := a.Type != b.Type
	if op == Eq || op == Ne {
		// Equal bits mean equal numbers unless one is negative and the other huge.
		return func(rec []byte) bool {
			u, v := x(rec), y(rec)
			return (u == v && (!mixed || int64(u) >= 0)) == want
		}
	}
	switch {
	case mixed && a.Type == Int:
		return func(rec []byte) bool {
			u, v := x(rec), y(rec)
			return (int64(u) < 0 || u < v) == want
		}
	case mixed:
		return func(rec []byte) bool {
			u, v := x(rec), y(rec)
			return (int64(v) >= 0 && u < v) == want
		}
	case a.Type == Int:
		return func(rec []byte) bool { return (int64(x(rec)) < int64(y(rec))) == want }
	}
	return func(rec []byte) bool { return (x(rec) < y(rec)) == want }
}
