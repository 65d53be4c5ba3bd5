package schema

import (
	"fmt"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// dice makes decisions out of the fuzzer's bytes.
type dice struct{ data []byte }

func (d *dice) roll(sides int) int {
	if len(d.data) == 0 {
		return 0
	}
	n := int(d.data[0])
	d.data = d.data[1:]
	return n % sides
}

func (d *dice) number() uint32 {
	return uint32(d.roll(256)) << (8 * d.roll(4)) >> d.roll(8)
}

// randomTypes makes types that refer to each other in any way, rings included.
func randomTypes(d *dice) []btf.Type {
	types := []btf.Type{tChar, tU8, tU32, tU64, tInt16, tFloat, tBool, &btf.Void{}, &btf.Fwd{Name: "fwd"}, typedef("ip_proto32", tU32)}
	pick := func() btf.Type { return types[d.roll(len(types))] }
	var ringed []*btf.Typedef
	for range d.roll(40) {
		name := []string{"a", "b", "", "pad", "ipv4_addr", "struct", "ktime_ns", "x\xff"}[d.roll(8)]
		switch d.roll(9) {
		case 0, 1, 2:
			s := structOf(name, d.number())
			for i := range d.roll(8) {
				s.Members = append(s.Members, btf.Member{
					Name: []string{fmt.Sprintf("m%d", i), "", "same"}[d.roll(3)], Type: pick(), Offset: btf.Bits(d.number()),
					BitfieldSize: btf.Bits(d.roll(2) * d.roll(80)),
				})
			}
			if d.roll(3) == 0 {
				types = append(types, unionOf(name, s.Size, s.Members...))
			} else {
				types = append(types, s)
			}
		case 3, 4:
			types = append(types, array(pick(), d.number()))
		case 5:
			td := typedef(name, pick())
			ringed = append(ringed, td)
			types = append(types, td)
		case 6:
			types = append(types, &btf.Pointer{Target: pick()}, &btf.Const{Type: pick()})
		case 7:
			e := &btf.Enum{Name: name, Size: d.number(), Signed: d.roll(2) == 0}
			for i := range d.roll(5) {
				e.Values = append(e.Values, btf.EnumValue{Name: fmt.Sprintf("v%d", i), Value: uint64(d.number()) << (8 * d.roll(8))})
			}
			types = append(types, e)
		case 8:
			types = append(types, &btf.Int{Name: name, Size: d.number(), Encoding: btf.IntEncoding(d.roll(5))})
		}
	}
	for _, td := range ringed {
		if d.roll(4) == 0 {
			td.Type = pick()
		}
	}
	return types
}

// FuzzSchema makes schemas of random types. They must be valid, and reading any record by them must not panic.
func FuzzSchema(f *testing.F) {
	f.Add([]byte("\x10\x00\x01\x20\x00\x03\x00\x02\x00\x00\x00"))
	f.Add([]byte("plenty of structs with members of all kinds and offsets, arrays, enums, bit fields"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &dice{data: data}
		types := randomTypes(d)
		last := types[len(types)-1]
		var schemas []*record.Schema
		if s, err := Record(last, nil); err == nil {
			schemas = append(schemas, s)
		}
		size := d.number() % 4096
		if _, s, err := NewRow(Part{types[d.roll(len(types))], size}, Part{last, d.number() % 4096}, d.roll(2) == 0, nil); err == nil {
			schemas = append(schemas, s)
		}
		for _, s := range schemas {
			check(t, s)
		}
	})
}

func check(t *testing.T, s *record.Schema) {
	if err := s.Validate(); err != nil {
		t.Fatalf("%v in\n%s", err, describeAll(s))
	}
	if len(s.Fields) > MaxFields || s.Size > MaxSize {
		t.Fatalf("%d fields in %d bytes", len(s.Fields), s.Size)
	}
	if s.Size > 64<<10 {
		return // rendering this takes too long to be fuzzed
	}
	rec := make([]byte, s.Size)
	for i := range rec {
		rec[i] = byte(i*7 + 1)
	}
	clock := &record.Clock{}
	for _, rec := range [][]byte{rec, rec[:len(rec)/2], nil} {
		s.AppendJSON(nil, rec, clock)
		s.AppendText(nil, rec, clock)
	}
}

// FuzzBTF reads schemas out of BTF as it comes in a file.
func FuzzBTF(f *testing.F) {
	for _, seed := range [][]byte{[]byte("some"), []byte("\x20\x00\x01\x20\x00\x03\x00\x02\x00\x00\x00")} {
		count := &btf.Var{Name: "count", Type: tU64}
		section := &btf.Datasec{Name: ".bss", Size: 16, Vars: []btf.VarSecinfo{{Type: count, Offset: 8, Size: 8}}}
		b, err := btf.NewBuilder(append(randomTypes(&dice{data: seed}), section), nil)
		if err != nil {
			f.Fatal(err)
		}
		raw, err := b.Marshal(nil, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, s := range fromRaw(raw) {
			check(t, s)
		}
	})
}
