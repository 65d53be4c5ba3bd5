package schema

import (
	"testing"

	"github.com/cilium/ebpf/btf"
)

func TestGlobals(t *testing.T) {
	section := &btf.Datasec{Name: ".bss", Size: 48}
	for _, v := range []struct {
		name   string
		t      btf.Type
		offset uint32
	}{
		{"packets", tU64, 0},
		{"unused", typedef("kept", &btf.Const{Type: &btf.Pointer{Target: structOf("event", 8, m("pid", tU32, 0))}}), 8},
		{"probe_state", tU64, 16},
		{"count_packets.seen", tU32, 24}, // static in a function
		{"last", structOf("last", 12, m("comm", array(tChar, 8), 0), m("pid", tU32, 8)), 28},
		{"on", &btf.Volatile{Type: tBool}, 40},
	} {
		size, err := btf.Sizeof(v.t)
		if err != nil {
			t.Fatal(err)
		}
		section.Vars = append(section.Vars, btf.VarSecinfo{Type: &btf.Var{Name: v.name, Type: v.t}, Offset: v.offset, Size: uint32(size)})
	}
	row, s, err := NewGlobalsRow(Globals(section), section.Size, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `tick uint 0+8
time uint 8+8 time
packets uint 24+8
count_packets_seen uint 48+4
last.comm text 52+8
last.pid uint 60+4
on bool 64+1`
	if got := describeAll(s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := (Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 48, Size: 72}); row != want {
		t.Errorf("the layout is %+v, want %+v", row, want)
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

func TestGlobalBeyondItsSection(t *testing.T) {
	section := &btf.Datasec{Name: ".bss", Size: 8, Vars: []btf.VarSecinfo{{Type: &btf.Var{Name: "count", Type: tU64}, Offset: 4, Size: 8}}}
	if _, s, err := NewGlobalsRow(Globals(section), section.Size, nil); err == nil {
		t.Errorf("no error, but\n%s", describeAll(s))
	}
}
