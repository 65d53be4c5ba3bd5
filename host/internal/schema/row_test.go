package schema

import (
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

func TestNewRow(t *testing.T) {
	protocol := typedef("protocol", typedef("ip_proto32", tU32))
	counts := structOf("counts", 16, m("packets", tU64, 0), m("bytes", typedef("byte_count", tU64), 8))
	flow := structOf("flow", 12, m("saddr", typedef("ipv4_addr", tBE32), 0), m("daddr", typedef("ipv4_addr", tBE32), 4), m("time", tU32, 8))

	for _, tc := range []struct {
		name       string
		key, value Part
		cpu        bool
		row        Row
		want       string // after tick and time
	}{
		{"named key, struct value", Part{protocol, 4}, Part{counts, 16}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 16, Size: 40},
			"protocol uint 16+4 protocol\npackets uint 24+8\nbytes uint 32+8 size"},
		{"plain key and value", Part{tU32, 4}, Part{tU64, 8}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 8, Size: 32},
			"key uint 16+4\nvalue uint 24+8"},
		{"display typedef itself", Part{typedef("user_id", tU32), 4}, Part{tU32, 4}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 4, Size: 32},
			"key uint 16+4 user\nvalue uint 24+4"},
		{"typedef without display", Part{typedef("pid_t", tS32), 4}, Part{tU32, 4}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 4, Size: 32},
			"key int 16+4\nvalue uint 24+4"},
		{"listed CPUs", Part{tU32, 4}, Part{tU64, 8}, true, Row{Key: 16, KeySize: 4, CPU: 24, Value: 32, ValueSize: 8, Size: 40},
			"key uint 16+4\ncpu uint 24+4\nvalue uint 32+8"},
		{"names that are taken", Part{flow, 12}, Part{structOf("v", 16, m("saddr", tU32, 0), m("tick", tU64, 8)), 16}, false, Row{Key: 16, KeySize: 12, Value: 32, ValueSize: 16, Size: 48},
			"saddr bytes 16+4 ipv4\ndaddr bytes 20+4 ipv4\nkey.time uint 24+4\nvalue.saddr uint 32+4\nvalue.tick uint 40+8"},
		{"typedef called as another field", Part{typedef("time", typedef("user_id", tU32)), 4}, Part{tU32, 4}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 4, Size: 32},
			"key uint 16+4 user\nvalue uint 24+4"},
		{"no BTF", Part{nil, 8}, Part{nil, 12}, false, Row{Key: 16, KeySize: 8, Value: 24, ValueSize: 12, Size: 40},
			"key uint 16+8\nvalue bytes 24+12"},
		{"void key of a data section", Part{&btf.Void{}, 4}, Part{tU32, 4}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 4, Size: 32},
			"key uint 16+4\nvalue uint 24+4"},
		{"no flexible arrays", Part{tU32, 4}, Part{structOf("v", 8, m("n", tU64, 0), m("rest", array(tU8, 0), 8)), 8}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 8, Size: 32},
			"key uint 16+4\nn uint 24+8"},
		{"array as value", Part{tU32, 4}, Part{array(tU64, 4), 32}, false, Row{Key: 16, KeySize: 4, Value: 24, ValueSize: 32, Size: 56},
			"key uint 16+4\nvalue array 24+32/8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			row, s, err := NewRow(tc.key, tc.value, tc.cpu, nil)
			if err != nil {
				t.Fatal(err)
			}
			if row != tc.row || s.Size != tc.row.Size {
				t.Errorf("layout %+v (size %d), want %+v", row, s.Size, tc.row)
			}
			if got, want := describeAll(s), "tick uint 0+8\ntime uint 8+8 time\n"+tc.want; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if err := s.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewRowRefused(t *testing.T) {
	for _, tc := range []struct {
		name       string
		key, value Part
		want       string
	}{
		{"value too large", Part{tU32, 4}, Part{nil, 1 << 30}, "1073741824 bytes"},
		{"type larger than the map's value", Part{tU32, 4}, Part{tU64, 4}, "the map's value: field value: reaches beyond the end"},
		{"key declared only", Part{&btf.Fwd{Name: "k"}, 4}, Part{tU64, 8}, "the map's key: field key: struct k is declared but not defined"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := NewRow(tc.key, tc.value, false, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not say %q", err, tc.want)
			}
		})
	}
}
