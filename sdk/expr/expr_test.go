package expr

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk/record"
)

// String shows a tree in failures.
func (n *Node) String() string {
	switch n.Op {
	case Const:
		return fmt.Sprintf("%s(%v %v %v %q)", n.Type, n.Bool, n.Int, n.Uint, n.Str)
	case FieldRef:
		return fmt.Sprintf("field(%d %s)", n.Field, n.Type)
	}
	args := make([]string, len(n.Args))
	for i, a := range n.Args {
		args[i] = a.String()
	}
	return fmt.Sprintf("%s(%s)", n.Op, strings.Join(args, " "))
}

// TestAgreesWithReference compares conditions and templates with the reference, over random trees and records.
func TestAgreesWithReference(t *testing.T) {
	s := everyKind()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	trees := 20_000
	if testing.Short() {
		trees = 2000
	}
	seen, outcomes := map[string]bool{}, map[bool]int{}
	for seed := range trees {
		g := generator{Rand: rand.New(rand.NewPCG(1, uint64(seed))), schema: s}
		agree(t, g, seen, outcomes)
	}
	for op := Const; op <= Concat; op++ {
		if !seen[op.String()] {
			t.Errorf("no tree had %s", op)
		}
	}
	if outcomes[true] < trees || outcomes[false] < trees {
		t.Errorf("conditions were true %d times and false %d times", outcomes[true], outcomes[false])
	}
}

func agree(t *testing.T, g generator, seen map[string]bool, outcomes map[bool]int) {
	t.Helper()
	n := g.node(Bool, place{}, 1+g.IntN(5))
	p, err := NewPredicate(n, g.schema)
	if err != nil {
		t.Fatalf("%s: %v", n, err)
	}
	template := g.node(String, place{template: true}, 1+g.IntN(5))
	tmpl, err := NewTemplate(template, g.schema)
	if err != nil {
		t.Fatalf("%s: %v", template, err)
	}
	note(n, seen)
	note(template, seen)
	clock := &record.Clock{Monotonic: 1e18}
	for range 10 {
		rec := g.record()
		want := reference{schema: g.schema, rec: rec}.bool(n)
		if got := p.Match(rec); got != want {
			t.Fatalf("%s over %q is %t, want %t", n, rec, got, want)
		}
		outcomes[want]++
		text := reference{schema: g.schema, rec: rec, clock: clock}.text(template)
		if got := tmpl.Append([]byte(">"), rec, clock); string(got) != ">"+string(text) {
			t.Fatalf("%s over %q is %q, want %q", template, rec, got, text)
		}
	}
}

func note(n *Node, seen map[string]bool) {
	seen[n.Op.String()] = true
	for _, a := range n.Args {
		note(a, seen)
	}
}

// FuzzTree takes trees that may be wrong in any way: they are refused, or agree with the reference.
func FuzzTree(f *testing.F) {
	f.Add(uint64(1), []byte("aaaa"))
	f.Add(uint64(2), []byte{})
	s := everyKind()
	f.Fuzz(func(t *testing.T, seed uint64, rec []byte) {
		g := generator{Rand: rand.New(rand.NewPCG(2, seed)), schema: s, wrong: true}
		n := g.node(Bool, place{}, 6)
		if p, err := NewPredicate(n, s); err == nil {
			if got, want := p.Match(rec), (reference{schema: s, rec: rec}).bool(n); got != want {
				t.Errorf("%s over %q is %t, want %t", n, rec, got, want)
			}
		}
		n = g.node(String, place{template: true}, 6)
		if p, err := NewTemplate(n, s); err == nil {
			if got, want := p.Append(nil, rec, nil), (reference{schema: s, rec: rec}).text(n); string(got) != string(want) {
				t.Errorf("%s over %q is %q, want %q", n, rec, got, want)
			}
		}
	})
}

// TestComparisons tries every operation between fields, and between fields and constants, on both sides of every limit, which random
// trees seldom hit.
func TestComparisons(t *testing.T) {
	s := &record.Schema{Size: 16}
	for _, offset := range []uint32{0, 8} {
		for _, kind := range []record.Kind{record.Uint, record.Int} {
			s.Fields = append(s.Fields, record.Field{Name: fmt.Sprint(kind, offset), Kind: kind, Offset: offset, Size: 8})
		}
	}
	numbers := func(v uint64, field int) []*Node { // the forms that a value can have
		return []*Node{
			{Op: FieldRef, Type: Uint, Field: field}, {Op: FieldRef, Type: Int, Field: field + 1},
			{Op: Const, Type: Uint, Uint: v}, {Op: Const, Type: Int, Int: int64(v)},
		}
	}
	for _, x := range interesting {
		for _, y := range interesting {
			rec := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, x), y)
			for _, a := range numbers(x, 0) {
				for _, b := range numbers(y, 2) {
					for op := Eq; op <= Ge; op++ {
						n := &Node{Op: op, Type: Bool, Args: []*Node{a, b}}
						p, err := NewPredicate(n, s)
						if err != nil {
							t.Fatal(err)
						}
						if got, want := p.Match(rec), (reference{schema: s, rec: rec}).bool(n); got != want {
							t.Errorf("%s over %#x and %#x is %t", n, x, y, got)
						}
					}
				}
			}
		}
	}
}
