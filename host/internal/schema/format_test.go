package schema

import (
	"errors"
	"slices"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

func TestFormats(t *testing.T) {
	flags := bits("bits", tU32, 0, 3)
	for _, tc := range []struct {
		name   string
		member btf.Member
		format record.Format
		want   string // empty: refused
	}{
		{"number as address", m("a", tU32, 0), record.IPv4, "a bytes 0+4 ipv4"},
		{"network number as address", m("a", tBE32, 0), record.IPv4, "a bytes 0+4 ipv4"},
		{"bytes as address", m("a", array(tU8, 16), 0), record.IP, "a bytes 0+16 ip"},
		{"array as address", m("a", array(tBE32, 4), 0), record.IPv6, "a bytes 0+16 ipv6"},
		{"bytes as MAC", m("a", array(tU8, 6), 0), record.MAC, "a bytes 0+6 mac"},
		{"network number as port", m("a", tBE16, 0), record.Port, "a uint 0+2 big port"},
		{"number as time", m("a", tU64, 0), record.Time, "a uint 0+8 time"},
		{"array of durations", m("a", array(tU64, 4), 0), record.Duration, "a array 0+32/8 duration"},
		{"signed error", m("a", tS32, 0), record.Errno, "a int 0+4 errno"},
		{"bytes as text", m("buf", array(tU8, 16), 0), Text, "buf text 0+16"},
		{"text by name as bytes", m("comm", array(tU8, 16), 0), record.Hex, "comm bytes 0+16 hex"},
		{"text as bytes", m("comm", array(tChar, 16), 0), record.Hex, "comm bytes 0+16 hex"},
		{"text as address", m("addr", array(tChar, 6), 0), record.MAC, "addr bytes 0+6 mac"},
		{"signed bytes as text", m("comm", array(typedef("s8", tSChar), 16), 0), Text, "comm text 0+16"},
		{"bit field in hex", flags, record.Hex, "bits uint 0+1 bits 0+3 hex"},
		{"display taken away", m("a", typedef("user_id", tU32), 0), record.Plain, "a uint 0+4"},

		{"too large for an address", m("a", tU64, 0), record.IPv4, ""},
		{"bit field as address", bits("a", tU32, 0, 32), record.IPv4, ""},
		{"time of 4 bytes", m("a", tU32, 0), record.Time, ""},
		{"text as number", m("a", array(tChar, 4), 0), record.Port, ""},
		{"numbers as text", m("a", array(tU32, 4), 0), Text, ""},
		{"bool as protocol", m("a", tBool, 0), record.Protocol, ""},
		{"unknown format", m("a", tU32, 0), "ipv5", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Record(structOf("e", 64, tc.member), Formats{tc.member.Name: tc.format})
			var wrong *FormatError
			switch {
			case tc.want == "" && !errors.As(err, &wrong):
				t.Errorf("error %v, want a FormatError", err)
			case tc.want == "":
				t.Log(err)
			case err != nil:
				t.Error(err)
			case describeAll(s) != tc.want:
				t.Errorf("got %s, want %s", describeAll(s), tc.want)
			default:
				if err := s.Validate(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Whatever is offered as fitting has to be taken, and to make a valid schema.
func TestFormatsOfferedFit(t *testing.T) {
	for _, typ := range []btf.Type{tU8, tU16, tU32, tS32, tU64, tBE32, tBool, tFloat, array(tU8, 4), array(tU8, 6), array(tU8, 16), array(tU32, 4), array(tChar, 16)} {
		e := structOf("e", 64, m("a", typ, 0))
		_, err := Record(e, Formats{"a": "nonsense"})
		var wrong *FormatError
		if !errors.As(err, &wrong) {
			t.Fatalf("%s: %v", TypeName(typ), err)
		}
		for _, have := range wrong.Have {
			if have == "nothing but its plain form" {
				continue
			}
			s, err := Record(e, Formats{"a": record.Format(have)})
			if err != nil {
				t.Errorf("%s: %v", TypeName(typ), err)
			} else if err := s.Validate(); err != nil {
				t.Errorf("%s as %s: %v", TypeName(typ), have, err)
			}
		}
	}
}

func TestFormatOfUnknownField(t *testing.T) {
	_, err := Record(structOf("e", 8, m("saddr", tU32, 0), m("daddr", tU32, 4)), Formats{"sadr": record.IPv4})
	var wrong *FormatError
	if !errors.As(err, &wrong) || !wrong.FieldUnknown || !slices.Equal(wrong.Have, []string{"saddr", "daddr"}) {
		t.Errorf("got %v", err)
	}
}
