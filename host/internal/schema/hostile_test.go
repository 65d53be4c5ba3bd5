package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

func TestRefused(t *testing.T) {
	loop := typedef("loop", nil)
	loop.Type = &btf.Const{Type: loop}
	inside := structOf("inside", 8)
	inside.Members = []btf.Member{m("again", inside, 0)}
	many := structOf("many", 4*2000)
	for i := range uint32(2000) {
		many.Members = append(many.Members, m(fmt.Sprintf("f%d", i), tU32, 4*i))
	}
	var deep btf.Type = tU32
	for range 20 {
		deep = structOf("s", 4, m("in", deep, 0))
	}
	long := strings.Repeat("n", 200)
	shared := unionOf("shared", MaxSize)
	for i := range 5 {
		shared.Members = append(shared.Members, m(fmt.Sprintf("u%d", i), array(tU8, MaxSize), 0))
	}

	for _, tc := range []struct {
		name string
		t    btf.Type
		want string // part of the error
	}{
		{"typedefs in a ring", structOf("e", 8, m("a", loop, 0)), "field a: its typedefs have no end"},
		{"a whole record of typedefs in a ring", loop, "has no size"},
		{"a struct in itself", structOf("e", 8, m("a", inside, 0)), "deeper than 16"},
		{"deep nesting", deep, "deeper than 16"},
		{"too many fields", many, "field f1024: more than 1024 fields"},
		{"larger than a record", structOf("e", 1<<30, m("a", tU32, 0)), "1073741824 bytes, more than the 1048576"},
		{"array larger than the record", structOf("e", 8, m("a", array(tU8, 1<<31), 0)), "field a"},
		{"array whose size overflows", structOf("e", 8, m("a", array(array(array(tU64, 1<<31), 1<<31), 1<<31), 0)), "field a: type __u64[2147483648]"},
		{"member beyond the record", structOf("e", 8, m("a", tU64, 4)), "field a: reaches beyond the end of the record"},
		{"bit field beyond the record", structOf("e", 4, bits("a", tU32, 30, 3)), "field a: reaches beyond the end of the record"},
		{"bit field wider than a number", structOf("e", 64, bits("a", tU32, 0, 65)), "field a: a bit field of 65 bits"},
		{"bit field of a struct", structOf("e", 64, bits("a", structOf("x", 4), 0, 3)), "field a: a bit field of type struct x"},
		{"member inside a byte", structOf("e", 64, bits("a", tU32, 3, 0)), "field a: starts inside a byte"},
		{"two of a name", structOf("e", 8, m("a", tU32, 0), m("a", tU32, 4)), "field a: another field has the same name"},
		{"declared only", &btf.Fwd{Name: "event"}, "struct event is declared but not defined"},
		{"member declared only", structOf("e", 8, m("a", &btf.Fwd{Name: "x"}, 0)), "field a: struct x is declared but not defined"},
		{"member of no size", structOf("e", 8, m("a", &btf.Void{}, 0)), "field a: a value of type void has no size"},
		{"function", structOf("e", 8, m("a", &btf.FuncProto{}, 0)), "field a"},
		{"empty", structOf("e", 0), "no fields"},
		{"nothing but padding", structOf("e", 8, m("pad", tU64, 0)), "no fields"},
		{"large members of a union", structOf("e", MaxSize, m("a", shared, 0)), "field a.u4: fields that share bytes show more than 4194304 of them"},
		{"long names", structOf("e", 8, m(long, structOf("x", 8, m(long, tU64, 0)), 0)), "longer than 255 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Record(tc.t, nil)
			if err == nil {
				t.Fatalf("accepted as %s", describeAll(s))
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q does not say %q", err, tc.want)
			}
		})
	}
}

// Arrays of arrays of nothing have no fields that would stop them: 16 to the 12th.
func TestBoundedWork(t *testing.T) {
	var empty btf.Type = structOf("empty", 0)
	for range 12 {
		empty = structOf("s", 1, m("a", array(empty, 16), 0))
	}
	if _, err := Record(structOf("e", 8, m("a", empty, 0), m("n", tU64, 0)), nil); err == nil {
		t.Error("no error")
	}
}

func TestEnumNamesAreBounded(t *testing.T) {
	enum := &btf.Enum{Name: "many", Size: 4}
	for i := range uint64(10_000) {
		enum.Values = append(enum.Values, btf.EnumValue{Name: fmt.Sprintf("v%d", i), Value: i})
	}
	s, err := Record(structOf("e", 8, m("a", enum, 0), m("b", enum, 4)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(&s.Fields[1]); got != "b uint 4+4" {
		t.Errorf("the enum that does not fit any more is %s", got)
	}
}

func TestTypeNames(t *testing.T) {
	sock := &btf.Fwd{Name: "sock"}
	for _, tc := range []struct {
		t    btf.Type
		want string
	}{
		{tU32, "__u32"},
		{structOf("", 4), "struct {...}"},
		{array(array(tChar, 8), 2), "char[2][8]"},
		{array(tChar, 0), "char[]"},
		{&btf.Pointer{Target: &btf.Const{Type: sock}}, "const struct sock *"},
		{&btf.Const{Type: &btf.Pointer{Target: &btf.Void{}}}, "void *const"},
		{&btf.Pointer{Target: &btf.FuncProto{}}, "function *"},
		{&btf.Enum{Name: "a\x1b[2Jb"}, "enum a?[2Jb"},
		{structOf(strings.Repeat("x", 500), 4), "struct " + strings.Repeat("x", 96)},
	} {
		if got := TypeName(tc.t); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
