package schema

import (
	"testing"

	"github.com/cilium/ebpf/btf"
)

func TestTextByName(t *testing.T) {
	for name, want := range map[string]string{
		"comm": "text", "parent_comm": "text", "pcomm": "text", "comm_new": "text", "Comm": "text", "comm2": "text",
		"line": "text", "cmdline": "text", "filename": "text", "fileName": "text", "file_name": "text", "path": "text", "argv": "text",
		"msg_": "text", "__str": "text",
		"data": "bytes", "buf": "bytes", "hash": "bytes", "name_hash": "bytes", "path_id": "bytes", "comma": "bytes", "online": "bytes",
		"strength": "bytes", "_": "", "x1": "bytes",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Record(structOf("e", 16, m(name, array(tU8, 8), 0), m("n", tU64, 8)), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if s.Fields[0].Name == name {
				got = s.Fields[0].Kind.String()
			}
			if got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		})
	}
}

func TestTextByNameElsewhere(t *testing.T) {
	in := structOf("in", 24, m("args", array(array(tU8, 8), 2), 0), m("id", array(tU8, 8), 16))
	for _, tc := range []struct {
		name   string
		member btf.Member
		want   string
	}{
		{"in a struct", m("comm", in, 0), "comm.args[0] text 0+8\ncomm.args[1] text 8+8\ncomm.id bytes 16+8"},
		{"flexible", m("line", array(tU8, 0), 24), "line text 24+0"},
		{"type that says how it is shown", m("name", typedef("mac_addr", array(tU8, 6)), 0), "name bytes 0+6 mac"},
		{"elements that say how they are shown", m("path", array(typedef("hex8", tU8), 8), 0), "path array 0+8/1 hex"},
		{"signed numbers", m("text", array(typedef("__s8", tSChar), 8), 0), "text array 0+8/1 signed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Record(structOf("e", 24, tc.member), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := describeAll(s); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}
