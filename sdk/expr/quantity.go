package expr

import (
	"encoding/binary"

	"github.com/probehost/probehost/sdk/record"
)

// encoding is how a number is stored, for those ways that have code of their own.
type encoding uint8

const (
	other encoding = iota
	u8
	le16
	be16
	le32
	sle32 // signed
	le64  // signed or not
)

func encodingOf(f *record.Field) encoding {
	signed := TypeOf(f) == Int
	switch {
	case f.BitSize != 0:
		return other
	case f.Size == 1 && !signed:
		return u8
	case f.Size == 2 && !signed && f.BigEndian:
		return be16
	case f.BigEndian:
		return other
	case f.Size == 2 && !signed:
		return le16
	case f.Size == 4 && signed:
		return sle32
	case f.Size == 4:
		return le32
	case f.Size == 8:
		return le64
	}
	return other
}

// quantity compiles a node of type Int or Uint.
func (c compiler) quantity(n *Node) quantity {
	switch n.Op {
	case Const:
		v := n.Uint
		if n.Type == Int {
			v = uint64(n.Int)
		}
		return func([]byte) uint64 { return v }
	case FieldRef:
		return read(c.field(n))
	case Neg:
		a := c.quantity(n.Args[0])
		return func(rec []byte) uint64 { return -a(rec) }
	case Cond:
		test, a, b := c.condition(n.Args[0]), c.quantity(n.Args[1]), c.quantity(n.Args[2])
		return func(rec []byte) uint64 {
			if test(rec) {
				return a(rec)
			}
			return b(rec)
		}
	}
	a, b := c.quantity(n.Args[0]), c.quantity(n.Args[1])
	switch n.Op {
	case Add:
		return func(rec []byte) uint64 { return a(rec) + b(rec) }
	case Sub:
		return func(rec []byte) uint64 { return a(rec) - b(rec) }
	case Mul:
		return func(rec []byte) uint64 { return a(rec) * b(rec) }
	case Div:
		if n.Type == Int {
			return func(rec []byte) uint64 { return divide(a(rec), b(rec)) }
		}
		return func(rec []byte) uint64 {
			x, y := a(rec), b(rec)
			if y == 0 {
				return 0
			}
			return x / y
		}
	}
	if n.Type == Int { // Mod
		return func(rec []byte) uint64 { return remainder(a(rec), b(rec)) }
	}
	return func(rec []byte) uint64 {
		x, y := a(rec), b(rec)
		if y == 0 {
			return x
		}
		return x % y
	}
}

// divide divides signed numbers. Go defines the smallest divided by -1 as itself, which is what wrapping around gives.
func divide(x, y uint64) uint64 {
	if y == 0 {
		return 0
	}
	return uint64(int64(x) / int64(y))
}

func remainder(x, y uint64) uint64 {
	if y == 0 {
		return x
	}
	return uint64(int64(x) % int64(y))
}

// read reads a number from a record.
func read(f *record.Field) quantity {
	off, end := int(f.Offset), int(f.Offset)+int(f.Size)
	switch encodingOf(f) {
	case le32:
		return func(rec []byte) uint64 {
			if len(rec) < end {
				return 0
			}
			return uint64(binary.LittleEndian.Uint32(rec[off:]))
		}
	case le64:
		return func(rec []byte) uint64 {
			if len(rec) < end {
				return 0
			}
			return binary.LittleEndian.Uint64(rec[off:])
		}
	}
	return f.Uint
}
