package expr

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/probehost/probehost/sdk/record"
)

// everyKind is a schema with a field of each kind and encoding.
func everyKind() *record.Schema {
	s := &record.Schema{Size: 96}
	add := func(f record.Field) {
		f.Name = fmt.Sprintf("f%d", len(s.Fields))
		s.Fields = append(s.Fields, f)
	}
	for _, size := range []uint32{1, 2, 4, 8} {
		for _, big := range []bool{false, true} {
			add(record.Field{Kind: record.Uint, Offset: size, Size: size, BigEndian: big})
			add(record.Field{Kind: record.Int, Offset: 3 * size, Size: size, BigEndian: big})
		}
	}
	add(record.Field{Kind: record.Uint, Offset: 5, Size: 2, BitOffset: 3, BitSize: 7})
	add(record.Field{Kind: record.Int, Offset: 7, Size: 1, BitOffset: 1, BitSize: 2})
	add(record.Field{Kind: record.Bool, Offset: 9, Size: 1})
	add(record.Field{Kind: record.Bool, Offset: 9, Size: 1, BitOffset: 1, BitSize: 1})
	for _, signed := range []bool{false, true} {
		add(record.Field{Kind: record.Enum, Offset: 12, Size: 4, Signed: signed, Values: []record.EnumValue{{Name: "A", Value: 1}}})
		add(record.Field{Kind: record.Enum, Offset: 11, Size: 1, Signed: signed, BitOffset: 3, BitSize: 1})
	}
	add(record.Field{Kind: record.Uint, Offset: 16, Size: 8, Format: record.Duration})
	add(record.Field{Kind: record.Uint, Offset: 16, Size: 8, Format: record.Time})
	add(record.Field{Kind: record.Uint, Offset: 2, Size: 1, Format: record.Protocol})
	add(record.Field{Kind: record.Text, Offset: 40, Size: 4})
	add(record.Field{Kind: record.Text, Offset: 44, Size: 8})
	add(record.Field{Kind: record.Text, Offset: 88})
	add(record.Field{Kind: record.Bytes, Offset: 44, Size: 4, Format: record.IPv4})
	add(record.Field{Kind: record.Bytes, Offset: 52, Size: 4, Format: record.IPv4})
	add(record.Field{Kind: record.Bytes, Offset: 60, Size: 3})
	add(record.Field{Kind: record.Bytes, Offset: 88})
	add(record.Field{Kind: record.Array, Offset: 64, Size: 8, Elem: 2})
	return s
}

// generator makes random trees, right ones unless wrong is set.
type generator struct {
	*rand.Rand
	schema *record.Schema
	wrong  bool
}

func (g generator) pick(ops ...Op) Op { return ops[g.IntN(len(ops))] }

var interesting = []uint64{0, 1, 2, 3, 4, 17, 97, 127, 128, 255, 256, 0x6161, math.MaxUint32, math.MaxInt64, 1 << 63, math.MaxUint64,
	math.MaxUint64 - 1, 1<<63 + 1}

var words = []string{"", "a", "aa", "ab", "ba", "aaaa", "abab", "\x00", "a\x00", "aaaaaaaa", "b", "tcp", "4ns", "1", "\"a", "97.97.97.97"}

// node makes a tree of type t that is at most depth deep below a place.
func (g generator) node(t Type, at place, depth int) *Node {
	if g.wrong && g.IntN(40) == 0 {
		return &Node{Op: Op(g.IntN(int(Concat) + 3)), Type: Type(g.IntN(7)), Field: g.IntN(60) - 5, Args: g.args(InvalidType, at, 0, g.IntN(4))}
	}
	if depth == 0 || g.IntN(6) == 0 {
		return g.leaf(t, at)
	}
	n := &Node{Type: t}
	if g.IntN(8) == 0 {
		n.Op = Cond
		n.Args = []*Node{g.node(Bool, place{}, depth-1), g.node(t, at.below(Cond, 1), depth-1), g.node(t, at.below(Cond, 2), depth-1)}
		return n
	}
	switch t {
	case Bool:
		return g.condition(n, depth-1)
	case Int:
		n.Op = g.pick(Neg, Add, Sub, Mul, Div, Mod)
		a, b := g.pickNumber(), Int // an Int comes of at least one Int, except for Sub and Neg
		if n.Op == Sub {
			b = g.pickNumber()
		}
		n.Args = []*Node{g.node(b, place{}, depth-1)}
		if n.Op == Neg {
			n.Args[0] = g.node(a, place{}, depth-1)
		} else {
			n.Args = append(n.Args, g.node(a, place{}, depth-1))
			g.Shuffle(2, func(i, j int) { n.Args[i], n.Args[j] = n.Args[j], n.Args[i] })
		}
	case Uint:
		n.Op = g.pick(Add, Mul, Div, Mod)
		n.Args = g.args(Uint, at, depth-1, 2)
	case String:
		n.Op = Text
		if at.template && g.IntN(2) == 0 {
			n.Op = Concat
			n.Args = g.args(String, at.below(Concat, 0), depth-1, g.IntN(4))
			return n
		}
		of := []Type{Bool, Int, Uint, String, Bytes, InvalidType}[g.IntN(6)]
		n.Args = g.args(of, at.below(Text, 0), depth-1, 1)
	default:
		return g.leaf(t, at)
	}
	return n
}

func (g generator) pickNumber() Type { return []Type{Int, Uint}[g.IntN(2)] }

func (g generator) args(t Type, at place, depth, count int) []*Node {
	var args []*Node
	for range count {
		args = append(args, g.node(t, at, depth))
	}
	return args
}

func (g generator) condition(n *Node, depth int) *Node {
	switch g.IntN(5) {
	case 0:
		n.Op, n.Args = Not, g.args(Bool, place{}, depth, 1)
	case 1, 2:
		n.Op, n.Args = g.pick(And, Or), g.args(Bool, place{}, depth, 2+g.IntN(3))
	case 3:
		n.Op = g.pick(Eq, Ne, Lt, Le, Gt, Ge)
		n.Args = []*Node{g.node(g.pickNumber(), place{}, depth), g.node(g.pickNumber(), place{}, depth)}
	default:
		n.Op = g.pick(Eq, Ne, StartsWith, EndsWith, Contains)
		t := String
		if n.Op == Eq || n.Op == Ne {
			t = []Type{String, Bytes, Bool}[g.IntN(3)]
		}
		n.Args = g.args(t, place{}, depth, 2)
	}
	return n
}

// leaf is a field of type t, or a constant.
func (g generator) leaf(t Type, at place) *Node {
	var fits []int
	for i := range g.schema.Fields {
		f := &g.schema.Fields[i]
		if TypeOf(f) == t && (f.Format != record.Time || at.template || !at.shown) {
			fits = append(fits, i)
		}
	}
	if t == InvalidType || len(fits) > 0 && g.IntN(2) == 0 {
		return &Node{Op: FieldRef, Type: t, Field: fits[g.IntN(len(fits))]}
	}
	n := &Node{Op: Const, Type: t}
	switch v := interesting[g.IntN(len(interesting))]; t {
	case Bool:
		n.Bool = v&1 == 0
	case Int:
		n.Int = int64(v)
	case Uint:
		n.Uint = v
	default:
		n.Str = words[g.IntN(len(words))]
	}
	return n
}

// record makes a record in which equal values are likely. It is often too short for some of the fields.
func (g generator) record() []byte {
	rec := make([]byte, 100)
	for i := range rec {
		rec[i] = "\x00\x00aaab\x00\xff\x11"[g.IntN(9)]
	}
	if g.IntN(3) == 0 {
		rec = rec[:g.IntN(len(rec))]
	}
	return rec
}
