package probe

import (
	"bytes"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/host/internal/schema"
)

func member(name string, t btf.Type, bit uint32) btf.Member {
	return btf.Member{Name: name, Type: t, Offset: btf.Bits(bit)}
}

func TestMergeRules(t *testing.T) {
	u8 := &btf.Int{Name: "__u8", Size: 1}
	s32 := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	be32 := &btf.Typedef{Name: "__be32", Type: cU32}
	char := &btf.Int{Name: "char", Size: 1, Encoding: btf.Signed}
	enum := &btf.Enum{Name: "state", Size: 4, Values: []btf.EnumValue{{Name: "open", Value: 1}}}
	flag := func(name string, bit, size uint32) btf.Member {
		return btf.Member{Name: name, Type: cU32, Offset: btf.Bits(bit), BitfieldSize: btf.Bits(size)}
	}
	for _, tc := range []struct {
		name     string
		value    btf.Type
		one, two []byte
		want     []byte
	}{
		{"counter of 1 byte wraps", u8, []byte{200}, []byte{100}, []byte{44}},
		{"negative numbers", s32, []byte{0xff, 0xff, 0xff, 0xff}, []byte{3, 0, 0, 0}, []byte{2, 0, 0, 0}},
		{"network order", be32, []byte{0, 0, 0, 255}, []byte{0, 0, 0, 1}, []byte{0, 0, 1, 0}},
		{"histogram", &btf.Array{Type: cU32, Nelems: 2}, []byte{1, 0, 0, 0, 2, 0, 0, 0}, []byte{3, 0, 0, 0, 4, 0, 0, 0}, []byte{4, 0, 0, 0, 6, 0, 0, 0}},
		{"text of the first that has it", &btf.Array{Type: char, Nelems: 2}, []byte{0, 0}, []byte("sh"), []byte("sh")},
		{"text stays", &btf.Array{Type: char, Nelems: 2}, []byte("ls"), []byte("sh"), []byte("ls")},
		{"enum is no number", enum, []byte{1, 0, 0, 0}, []byte{1, 0, 0, 0}, []byte{1, 0, 0, 0}},
		{"address", &btf.Typedef{Name: "ipv4_addr", Type: cU32}, []byte{0, 0, 0, 0}, []byte{10, 0, 0, 1}, []byte{10, 0, 0, 1}},
		{"newest time", &btf.Typedef{Name: "ktime_ns", Type: cU64}, []byte{5, 0, 0, 0, 0, 0, 0, 0}, []byte{4, 1, 0, 0, 0, 0, 0, 0}, []byte{4, 1, 0, 0, 0, 0, 0, 0}},
		{"duration", &btf.Typedef{Name: "duration_ns", Type: cU64}, []byte{5, 0, 0, 0, 0, 0, 0, 0}, []byte{4, 0, 0, 0, 0, 0, 0, 0}, []byte{9, 0, 0, 0, 0, 0, 0, 0}},
		{"bit fields", &btf.Struct{Size: 4, Members: []btf.Member{flag("a", 0, 4), flag("b", 4, 4)}}, []byte{0x03, 0, 0, 0}, []byte{0x25, 0, 0, 0}, []byte{0x23, 0, 0, 0}},
		{"a union counts once", &btf.Union{Size: 8, Members: []btf.Member{member("n", cU64, 0), member("low", cU32, 0)}},
			[]byte{1, 0, 0, 0, 0, 0, 0, 0}, []byte{2, 0, 0, 0, 0, 0, 0, 0}, []byte{3, 0, 0, 0, 0, 0, 0, 0}},
		{"neighbors", &btf.Struct{Size: 16, Members: []btf.Member{member("a", cU32, 0), member("b", cU32, 32), member("c", cU64, 64)}},
			[]byte{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}, []byte{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0},
			[]byte{2, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			size := len(tc.want)
			row, s, err := schema.NewRow(schema.Part{Type: cU32, Size: 4}, schema.Part{Type: tc.value, Size: uint32(size)}, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			stride := (size + 7) &^ 7
			r := newRowMaker(row, s, valueLayout{cpus: 2, size: size, stride: stride}, false)
			values := make([]byte, 2*stride)
			copy(values, tc.one)
			copy(values[stride:], tc.two)
			rec, used := r.of([]byte{9, 0, 0, 0}, values, 0)
			if got := rec[row.Value:][:size]; !used || !bytes.Equal(got, tc.want) {
				t.Errorf("got %x, want %x", got, tc.want)
			}
		})
	}
}

func TestKeySet(t *testing.T) {
	var s keySet
	for range 2 {
		s.reset(2)
		for i := range 5000 {
			key := []byte{byte(i), byte(i >> 8)}
			if !s.add(key) {
				t.Fatalf("%x is not new", key)
			}
			if s.add(key) {
				t.Fatalf("%x is new again", key)
			}
		}
		if s.add([]byte{7, 0}) {
			t.Fatal("an old key is new")
		}
	}
}
