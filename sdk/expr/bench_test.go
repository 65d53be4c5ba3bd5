package expr

import (
	"testing"

	"github.com/probehost/probehost/sdk/record"
)

var connection = &record.Schema{Size: 40, Fields: []record.Field{
	{Name: "protocol", Kind: record.Uint, Size: 1, Format: record.Protocol},
	{Name: "dport", Kind: record.Uint, Offset: 2, Size: 2, Format: record.Port, BigEndian: true},
	{Name: "size", Kind: record.Uint, Offset: 4, Size: 4},
	{Name: "comm", Kind: record.Text, Offset: 8, Size: 16},
	{Name: "daddr", Kind: record.Bytes, Offset: 24, Size: 16, Format: record.IP},
}}

var connectionRecord = []byte("\x06\x00\x01\xbb\x00\x08\x00\x00curl\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x0a\x00\x00\x01")

func ref(i int) *Node          { return &Node{Op: FieldRef, Type: TypeOf(&connection.Fields[i]), Field: i} }
func unsigned(v uint64) *Node  { return &Node{Op: Const, Type: Uint, Uint: v} }
func literal(s string) *Node   { return &Node{Op: Const, Type: String, Str: s} }
func equal(a, b *Node) *Node   { return node(Eq, Bool, a, b) }
func greater(a, b *Node) *Node { return node(Gt, Bool, a, b) }

// benchmarks are conditions that are true of connectionRecord, so that all terms are evaluated.
var benchmarks = []struct {
	name string
	tree *Node
}{
	{"three numbers", node(And, Bool, equal(ref(0), unsigned(6)), equal(ref(1), unsigned(443)), greater(ref(2), unsigned(1024)))},
	{"number and text", node(And, Bool, equal(ref(1), unsigned(443)), equal(ref(3), literal("curl")))},
	{"address", equal(ref(4), &Node{Op: Const, Type: Bytes, Str: string(connectionRecord[24:40])})},
	{"prefix", node(StartsWith, Bool, ref(3), literal("cu"))},
	{"arithmetic", greater(node(Mul, Uint, ref(2), unsigned(8)), unsigned(8192))},
	{"rendered", equal(node(Text, String, ref(0)), literal("tcp"))},
}

func BenchmarkMatch(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			p, err := NewPredicate(bench.tree, connection)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !p.Match(connectionRecord) {
					b.Fatal("no match")
				}
			}
		})
	}
}

func message() *Node {
	return node(Concat, String, literal("blocked "), ref(3), literal(" to "), node(Text, String, ref(4)), literal(":"), node(Text, String, ref(1)))
}

func BenchmarkAppend(b *testing.B) {
	t, err := NewTemplate(message(), connection)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = t.Append(dst[:0], connectionRecord, nil)
	}
	if got, want := string(dst), "blocked curl to 10.0.0.1:443"; got != want {
		b.Fatalf("rendered %q, want %q", got, want)
	}
}

func TestEvaluatingAllocatesNothing(t *testing.T) {
	for _, bench := range benchmarks {
		p, err := NewPredicate(bench.tree, connection)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Match(connectionRecord) {
			t.Errorf("%s: no match", bench.name)
		}
		if n := testing.AllocsPerRun(1000, func() { p.Match(connectionRecord) }); n != 0 {
			t.Errorf("%s: %v allocations", bench.name, n)
		}
	}
	m, err := NewTemplate(message(), connection)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(1000, func() { m.Append(dst, connectionRecord, nil) }); n != 0 {
		t.Errorf("template: %v allocations", n)
	}
}
