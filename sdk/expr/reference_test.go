package expr

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"slices"
	"strconv"

	"github.com/probehost/probehost/sdk/record"
)

// reference evaluates trees slowly and plainly, with numbers of any size that it wraps around by hand. It is what the
// compiled form is held against.
type reference struct {
	schema *record.Schema
	rec    []byte
	clock  *record.Clock
}

var two64 = new(big.Int).Lsh(big.NewInt(1), 64)

// wrap brings a number into the range of a type.
func wrap(v *big.Int, t Type) *big.Int {
	v = new(big.Int).Mod(v, two64)
	if t == Int && v.Bit(63) == 1 {
		v.Sub(v, two64)
	}
	return v
}

func (r reference) bool(n *Node) bool {
	switch n.Op {
	case Const:
		return n.Bool
	case FieldRef:
		return r.schema.Fields[n.Field].Uint(r.rec) != 0
	case Not:
		return !r.bool(n.Args[0])
	case And:
		for _, a := range n.Args {
			if !r.bool(a) {
				return false
			}
		}
		return true
	case Or:
		return slices.ContainsFunc(n.Args, r.bool)
	case Cond:
		return r.bool(r.branch(n))
	}
	a, b := n.Args[0], n.Args[1]
	switch a.Type {
	case Bool:
		return (r.bool(a) == r.bool(b)) == (n.Op == Eq)
	case String, Bytes:
		x, y := r.bytes(a), r.bytes(b)
		switch n.Op {
		case Eq:
			return bytes.Equal(x, y)
		case Ne:
			return !bytes.Equal(x, y)
		case StartsWith:
			return bytes.HasPrefix(x, y)
		case EndsWith:
			return bytes.HasSuffix(x, y)
		}
		return bytes.Contains(x, y)
	}
	order := r.number(a).Cmp(r.number(b))
	return map[Op]bool{Eq: order == 0, Ne: order != 0, Lt: order < 0, Le: order <= 0, Gt: order > 0, Ge: order >= 0}[n.Op]
}

func (r reference) branch(n *Node) *Node {
	if r.bool(n.Args[0]) {
		return n.Args[1]
	}
	return n.Args[2]
}

func (r reference) number(n *Node) *big.Int {
	switch n.Op {
	case Const:
		if n.Type == Int {
			return big.NewInt(n.Int)
		}
		return new(big.Int).SetUint64(n.Uint)
	case FieldRef:
		return wrap(new(big.Int).SetUint64(r.schema.Fields[n.Field].Uint(r.rec)), n.Type)
	case Cond:
		return r.number(r.branch(n))
	case Neg:
		return wrap(new(big.Int).Neg(r.number(n.Args[0])), Int)
	}
	a, b := wrap(r.number(n.Args[0]), n.Type), wrap(r.number(n.Args[1]), n.Type)
	v := new(big.Int)
	switch {
	case n.Op == Add:
		v.Add(a, b)
	case n.Op == Sub:
		v.Sub(a, b)
	case n.Op == Mul:
		v.Mul(a, b)
	case b.Sign() == 0 && n.Op == Mod:
		v.Set(a)
	case b.Sign() == 0:
	case n.Op == Div:
		v.Quo(a, b)
	default:
		v.Rem(a, b)
	}
	return wrap(v, n.Type)
}

// bytes is the value of a string or bytes outside of template positions.
func (r reference) bytes(n *Node) []byte {
	switch n.Op {
	case Const:
		return []byte(n.Str)
	case FieldRef:
		return r.schema.Fields[n.Field].Bytes(r.rec)
	case Cond:
		return r.bytes(r.branch(n))
	}
	return r.text(n.Args[0])
}

// text is what a node of any type looks like.
func (r reference) text(n *Node) []byte {
	switch n.Op {
	case FieldRef:
		return r.schema.Fields[n.Field].AppendText(nil, r.rec, r.clock)
	case Text:
		return r.text(n.Args[0])
	case Cond:
		return r.text(r.branch(n))
	case Concat:
		var all []byte
		for _, a := range n.Args {
			all = append(all, r.text(a)...)
		}
		return all
	}
	switch n.Type {
	case Bool:
		return strconv.AppendBool(nil, r.bool(n))
	case String:
		return []byte(n.Str)
	case Bytes:
		return []byte(hex.EncodeToString([]byte(n.Str)))
	}
	return []byte(r.number(n).String())
}
