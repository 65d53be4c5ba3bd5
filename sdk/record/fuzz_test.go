package record

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"testing"
	"unicode/utf8"
)

var allFormats = []Format{Plain, Hex, IPv4, IPv6, IP, MAC, Port, Protocol, EtherType, Interface, User, Group, Errno, Signal, Time,
	BootTime, Duration, Cgroup, Family, TCPState, ByteSize}

// fieldBytes is how many bytes of input describe one field.
const fieldBytes = 16

// schemaOf reads a schema, mostly a plausible one, from fuzz input.
func schemaOf(data []byte) *Schema {
	s := &Schema{Size: 64}
	for i := 0; len(data) >= fieldBytes && i < 16; i++ {
		d := data[:fieldBytes]
		data = data[fieldBytes:]
		f := Field{
			Name: "f" + strconv.Itoa(i), Kind: Kind(d[0] % 9), Format: allFormats[int(d[1])%len(allFormats)],
			Offset: uint32(d[2] % 72), Size: uint32(d[3] % 40), Elem: uint32(d[4]), Signed: d[5]&1 != 0, BigEndian: d[5]&2 != 0,
			BitOffset: d[6], BitSize: d[7],
		}
		if d[5]&4 != 0 { // anything at all
			f.Offset = binary.LittleEndian.Uint32(d[8:])
			f.Size = binary.LittleEndian.Uint32(d[12:])
		}
		if f.Kind == Enum {
			f.Values = []EnumValue{{"A\x1b", int64(int8(d[8]))}, {"B\"", int64(int8(d[9]))}}
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}

// FuzzRecord checks that no record of no valid schema makes a reader panic, that JSON is always JSON, and that text is always
// printable.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{}, []byte{})
	for kind := byte(1); kind < 8; kind++ {
		for format := range allFormats {
			for _, size := range []byte{0, 1, 4, 6, 8, 16} {
				f.Add([]byte{kind, byte(format), 3, size, 4 * (kind / 7), size & 3, 0, 0, 255, 1, 0, 0, 0, 0, 0, 0}, counting(12))
			}
		}
	}
	clock := &Clock{Monotonic: 1e18, Boot: -1e18}
	f.Fuzz(func(t *testing.T, description, rec []byte) {
		s := schemaOf(description)
		if s.Validate() != nil {
			// Fields that do not validate are dropped, so that the rest is tried.
			valid := s.Fields[:0]
			for _, field := range s.Fields {
				if (&Schema{Fields: []Field{field}, Size: s.Size}).Validate() == nil {
					valid = append(valid, field)
				}
			}
			s.Fields = valid
		}
		for i := range s.Fields {
			field := &s.Fields[i]
			v := field.Uint(rec)
			if int64(v) != field.Int(rec) || field.Bool(rec) != (v != 0) {
				t.Fatalf("%+v reads as %d and %d", field, v, field.Int(rec))
			}
			if len(field.Bytes(rec)) > 0 && !field.In(rec) {
				t.Fatalf("%+v has bytes and is not in the record", field)
			}
			field.Time(rec, clock)
			for j := range field.Len(rec) {
				field.At(rec, j)
			}
		}
		for _, c := range []*Clock{clock, nil} {
			if out := s.AppendJSON(nil, rec, c); !json.Valid(out) {
				t.Fatalf("not JSON: %q", out)
			} else {
				checkPrintable(t, out)
			}
			checkPrintable(t, s.AppendText(nil, rec, c))
			for i := range s.Fields {
				checkPrintable(t, s.Fields[i].AppendText(nil, rec, c))
			}
		}
	})
}

func checkPrintable(t *testing.T, text []byte) {
	t.Helper()
	for rest := text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 || !strconv.IsPrint(r) {
			t.Fatalf("%q holds %q, which does not print", text, rest[:n])
		}
		rest = rest[n:]
	}
}
