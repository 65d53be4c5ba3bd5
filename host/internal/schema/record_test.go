package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// describe writes a field in short: name kind offset+size, then what else there is.
func describe(f *record.Field) string {
	s := fmt.Sprintf("%s %s %d+%d", f.Name, f.Kind, f.Offset, f.Size)
	if f.Elem != 0 {
		s += fmt.Sprintf("/%d", f.Elem)
	}
	if f.Signed {
		s += " signed"
	}
	if f.BigEndian {
		s += " big"
	}
	if f.BitSize != 0 {
		s += fmt.Sprintf(" bits %d+%d", f.BitOffset, f.BitSize)
	}
	if f.Format != "" {
		s += " " + string(f.Format)
	}
	for _, v := range f.Values {
		s += fmt.Sprintf(" %s=%d", v.Name, v.Value)
	}
	return s
}

func describeAll(s *record.Schema) string {
	var lines []string
	for i := range s.Fields {
		lines = append(lines, describe(&s.Fields[i]))
	}
	return strings.Join(lines, "\n")
}

func TestRecord(t *testing.T) {
	direction := &btf.Enum{Name: "direction", Size: 4, Values: []btf.EnumValue{{Name: "in", Value: 0}, {Name: "out", Value: 1}}}
	signed := &btf.Enum{Name: "verdict", Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "drop", Value: ^uint64(0)}, {Name: "pass", Value: 1}}}
	wide := &btf.Enum{Name: "flags", Size: 8, Values: []btf.EnumValue{{Name: "low", Value: 1}, {Name: "high", Value: 1 << 63}}}
	large := &btf.Enum{Name: "large", Size: 4, Values: []btf.EnumValue{{Name: "max", Value: 0xffffffff}}}
	point := structOf("point", 8, m("x", tS32, 0), m("y", tS32, 4))
	in6 := structOf("in6_addr", 16, m("in6_u", unionOf("", 16, m("u6_addr8", array(tU8, 16), 0), m("u6_addr32", array(tBE32, 4), 0)), 0))

	for _, tc := range []struct {
		name string
		t    btf.Type
		want string
	}{
		{"numbers", structOf("e", 24, m("a", tU8, 0), m("b", tU16, 2), m("c", tS32, 4), m("d", tU64, 8), m("e", tSChar, 16), m("f", tBool, 17)),
			"a uint 0+1\nb uint 2+2\nc int 4+4\nd uint 8+8\ne int 16+1\nf bool 17+1"},
		{"qualifiers and typedef chains", structOf("e", 4, m("a", &btf.Const{Type: &btf.Volatile{Type: typedef("x", typedef("y", &btf.Const{Type: tU32}))}}, 0)),
			"a uint 0+4"},
		{"text and bytes", structOf("e", 52, m("comm", array(tChar, 16), 0), m("raw", array(tU8, 16), 16), m("sc", array(tSChar, 16), 32),
			m("s8", array(typedef("__s8", tSChar), 4), 48)),
			"comm text 0+16\nraw bytes 16+16\nsc text 32+16\ns8 array 48+4/1 signed"},
		{"arrays of numbers", structOf("e", 64, m("a", array(tU32, 4), 0), m("b", array(tS32, 2), 16), m("c", array(tBE16, 4), 24), m("p", array(&btf.Pointer{Target: &btf.Void{}}, 2), 32), m("f", array(tBool, 8), 48)),
			"a array 0+16/4\nb array 16+8/4 signed\nc array 24+8/2 big\np array 32+16/8 hex\nf array 48+8/1"},
		{"nested structs", structOf("e", 16, m("p", point, 0), m("q", structOf("", 8, m("r", point, 0)), 8)),
			"p.x int 0+4\np.y int 4+4\nq.r.x int 8+4\nq.r.y int 12+4"},
		{"array of structs", structOf("e", 16, m("p", array(point, 2), 0)),
			"p[0].x int 0+4\np[0].y int 4+4\np[1].x int 8+4\np[1].y int 12+4"},
		{"array of many structs", structOf("e", 17*8, m("p", array(point, 17), 0)), "p bytes 0+136"},
		{"array of structs of many fields", structOf("e", 16*8*8, m("p", array(array(point, 8), 16), 0)), "p bytes 0+1024"},
		{"array of arrays", structOf("e", 32, m("n", array(array(tChar, 8), 2), 0), m("m", array(array(tU32, 2), 2), 16)),
			"n[0] text 0+8\nn[1] text 8+8\nm[0] array 16+8/4\nm[1] array 24+8/4"},
		{"union", structOf("e", 16, m("kind", tU32, 0), m("", unionOf("", 8, m("port", tU16, 0), m("errno", tS32, 0)), 4), m("u", unionOf("u", 4, m("a", tU8, 0)), 12)),
			"kind uint 0+4\nport uint 4+2\nerrno int 4+4\nu.a uint 12+1"},
		{"anonymous struct", structOf("e", 8, m("", structOf("", 8, m("a", tU32, 0), m("b", tU32, 4)), 0)), "a uint 0+4\nb uint 4+4"},
		{"pointers", structOf("e", 16, m("sk", &btf.Pointer{Target: &btf.Fwd{Name: "sock"}}, 0), m("p", &btf.Pointer{Target: &btf.Void{}}, 8)),
			"sk uint 0+8 hex\np uint 8+8 hex"},
		{"no kind of its own", structOf("e", 48, m("a", tInt16, 0), m("b", tFloat, 16), m("c", array(tFloat, 2), 24)),
			"a bytes 0+16\nb bytes 16+8\nc bytes 24+16"},
		{"enums", structOf("e", 24, m("d", direction, 0), m("v", signed, 4), m("f", wide, 8), m("l", large, 16)),
			"d enum 0+4 in=0 out=1\nv enum 4+4 signed drop=-1 pass=1\nf enum 8+8 low=1 high=-9223372036854775808\nl enum 16+4 max=4294967295"},
		{"array of enums", structOf("e", 8, m("d", array(direction, 2), 0)), "d[0] enum 0+4 in=0 out=1\nd[1] enum 4+4 in=0 out=1"},
		{"bit fields", structOf("e", 8, bits("a", tU32, 0, 3), bits("b", tU32, 3, 13), bits("c", tInt, 16, 12), bits("d", direction, 28, 1), bits("f", tBool, 29, 1), bits("v", signed, 30, 2), bits("g", tU64, 32, 32)),
			"a uint 0+1 bits 0+3\nb uint 0+2 bits 3+13\nc int 2+2 bits 0+12\nd enum 3+1 bits 4+1 in=0 out=1\nf bool 3+1 bits 5+1\nv enum 3+1 signed bits 6+2 drop=-1 pass=1\ng uint 4+4 bits 0+32"},
		{"packed bit field across bytes", structOf("e", 5, bits("a", tU32, 4, 32), bits("b", tU32, 36, 4)), "a bytes 0+5\nb uint 4+1 bits 4+4"},
		{"bit fields whose numbers begin before those of others", structOf("e", 4, bits("a", tU32, 0, 11), bits("b", tU32, 11, 3), bits("c", tU32, 14, 5)),
			"a uint 0+2 bits 0+11\nb uint 1+1 bits 3+3\nc uint 0+4 bits 14+5"},
		{"bit field of an address' type", structOf("e", 4, bits("a", typedef("ipv4_addr", tBE32), 0, 32)), "a uint 0+4 bits 0+32"},
		{"bit field that only an unaligned number holds", structOf("e", 5, m("x", tU8, 0), bits("a", tU32, 12, 28)),
			"x uint 0+1\na uint 1+4 bits 4+28"},
		{"flexible text", structOf("e", 8, m("n", tU32, 0), m("text", array(tChar, 0), 4)), "n uint 0+4\ntext text 4+0"},
		{"flexible numbers", structOf("e", 8, m("n", tU32, 0), m("v", array(tU64, 0), 8)), "n uint 0+4\nv array 8+0/8"},
		{"flexible structs", structOf("e", 8, m("n", tU32, 0), m("v", array(point, 0), 8)), "n uint 0+4\nv bytes 8+0"},
		{"empty array in the middle", structOf("e", 8, m("mark", array(tU8, 0), 0), m("n", tU64, 0)), "n uint 0+8"},
		{"padding", structOf("e", 16, m("a", tU8, 0), m("_pad", array(tU8, 3), 1), m("__pad1", tU32, 4), m("padding", tU32, 8), m("_", tU8, 12), m("", tU8, 13), m("pads", tU8, 14), m("__0", tU8, 15)),
			"a uint 0+1\npads uint 14+1\n__0 uint 15+1"},
		{"members out of order", structOf("e", 8, m("b", tU32, 4), m("a", tU32, 0)), "a uint 0+4\nb uint 4+4"},
		{"scalar record", tU64, "value uint 0+8"},
		{"scalar record of a named type", typedef("latency", typedef("duration_ns", tU64)), "latency uint 0+8 duration"},
		{"kernel addresses", structOf("e", 20, m("a", structOf("in_addr", 4, m("s_addr", tBE32, 0)), 0), m("b", in6, 4)), "a bytes 0+4 ipv4\nb bytes 4+16 ipv6"},
		{"a display name for something else", structOf("e", 16, m("a", typedef("ipv4_addr", tU64), 0), m("b", typedef("user_id", tU64), 8)), "a uint 0+8\nb uint 8+8"},
		{"array of addresses", structOf("e", 8, m("a", array(typedef("ipv4_addr", tBE32), 2), 0)), "a[0] bytes 0+4 ipv4\na[1] bytes 4+4 ipv4"},
		{"array of shown numbers", structOf("e", 16, m("a", array(typedef("duration_ns", tU64), 2), 0)), "a array 0+16/8 duration"},
		{"names that are no identifiers", structOf("e", 2, m("a-b", tU8, 0), m("7", tU8, 1)), "a_b uint 0+1\n_7 uint 1+1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Record(tc.t, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := describeAll(s); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if err := s.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDisplayTypedefs(t *testing.T) {
	for name, want := range map[string]string{
		"ipv4_addr":     "a bytes 0+4 ipv4",
		"ipv6_addr":     "a bytes 0+16 ipv6",
		"ip_addr":       "a bytes 0+16 ip",
		"mac_addr":      "a bytes 0+6 mac",
		"be16_port":     "a uint 0+2 big port",
		"port_number":   "a uint 0+2 port",
		"ip_proto":      "a uint 0+1 protocol",
		"ip_proto16":    "a uint 0+2 protocol",
		"ip_proto32":    "a uint 0+4 protocol",
		"ether_type":    "a uint 0+2 ethertype",
		"if_index":      "a uint 0+4 interface",
		"user_id":       "a uint 0+4 user",
		"group_id":      "a uint 0+4 group",
		"errno_code":    "a int 0+4 errno",
		"signal_number": "a uint 0+4 signal",
		"ktime_ns":      "a uint 0+8 time",
		"boottime_ns":   "a uint 0+8 boottime",
		"duration_ns":   "a uint 0+8 duration",
		"cgroup_id":     "a uint 0+8 cgroup",
		"addr_family":   "a uint 0+2 family",
		"tcp_state":     "a uint 0+4 tcpstate",
		"byte_count":    "a uint 0+8 size",
		"byte_count32":  "a uint 0+4 size",
		"hex8":          "a uint 0+1 hex",
		"hex64":         "a uint 0+8 hex",
		"__be32":        "a uint 0+4 big",
	} {
		t.Run(name, func(t *testing.T) {
			d := displays[name]
			under := map[uint32]btf.Type{1: tU8, 2: tU16, 4: tU32, 6: array(tU8, 6), 8: tU64, 16: array(tU8, 16)}[d.max]
			if name == "errno_code" {
				under = tS32
			}
			s, err := Record(structOf("e", 16, m("a", typedef("mine", typedef(name, under)), 0)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := describeAll(s); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
