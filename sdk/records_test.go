package sdk

import (
	"encoding/binary"
	"strings"
	"testing"
	"unsafe"

	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// packet is as the tests' records are in C:
//
//	struct { __u64 time; __s32 result; __u16 sport; __be16 dport; char comm[16]; __u8 addr[4]; bool up; __u16 tags[2]; enum dir dir; struct { __u32 a; } in; }
var packetSchema = &Schema{Size: 56, Fields: []Field{
	{Name: "time", Kind: record.Uint, Size: 8},
	{Name: "result", Kind: record.Int, Offset: 8, Size: 4},
	{Name: "sport", Kind: record.Uint, Offset: 12, Size: 2},
	{Name: "dport", Kind: record.Uint, Offset: 14, Size: 2, BigEndian: true},
	{Name: "parent_comm", Kind: record.Text, Offset: 16, Size: 16},
	{Name: "addr", Kind: record.Bytes, Offset: 32, Size: 4},
	{Name: "up", Kind: record.Bool, Offset: 36, Size: 1},
	{Name: "tags", Kind: record.Array, Offset: 38, Size: 4, Elem: 2},
	{Name: "dir", Kind: record.Enum, Offset: 44, Size: 4, Signed: true}, // which Go may have unsigned
	{Name: "in.a", Kind: record.Uint, Offset: 48, Size: 4},
	{Name: "bit", Kind: record.Uint, Offset: 52, Size: 4, BitOffset: 1, BitSize: 1},
	{Name: "tail", Kind: record.Bytes, Offset: 56},
}}

type direction uint32

type packet struct {
	Time       uint64
	Result     int32
	SPort      uint16
	DPort      [2]byte
	ParentComm [16]byte
	From       [4]byte `probe:"addr"`
	Up         uint8
	_          uint8
	Tags       [2]uint16
	_          [2]uint8
	Dir        direction
	In         struct{ A uint32 }
	_          [4]byte
}

// packets returns a batch of n records of stride bytes that begins at the given offset of an aligned buffer.
func packets(n, stride, offset int) *Batch {
	words := make([]uint64, (offset+n*stride)/8+1)
	all := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
	records := all[offset : offset+n*stride]
	for i := range n {
		rec := records[i*stride:]
		binary.NativeEndian.PutUint64(rec, uint64(1000+i))
		binary.BigEndian.PutUint16(rec[14:], 443)
		copy(rec[16:], "bash")
		binary.NativeEndian.PutUint32(rec[44:], 1)
		binary.NativeEndian.PutUint32(rec[48:], uint32(i))
	}
	b := &Batch{}
	b.reset(&Stream{Probe: "p", Name: "packets", Schema: packetSchema}, &wire.Batch{Count: uint32(n), Stride: uint32(stride), Records: records})
	return b
}

func TestRecords(t *testing.T) {
	for _, test := range []struct {
		name           string
		stride, offset int
		view           bool
	}{
		{"view", 56, 0, true},
		{"view at an offset", 56, 16, true},
		{"misaligned", 56, 3, false},
		{"padded", 64, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := packets(3, test.stride, test.offset)
			all, err := Records[packet](b)
			if err != nil || len(all) != 3 {
				t.Fatal(all, err)
			}
			for i, p := range all {
				if p.Time != uint64(1000+i) || p.DPort != [2]byte{1, 187} || string(p.ParentComm[:4]) != "bash" || p.Dir != 1 || p.In.A != uint32(i) {
					t.Errorf("record %d is %+v", i, p)
				}
			}
			if view := unsafe.Pointer(&all[0]) == unsafe.Pointer(&b.wire.Records[0]); view != test.view {
				t.Errorf("a view: %t", view)
			}
		})
	}
}

func TestRecordsOfOddBatches(t *testing.T) {
	b := packets(0, 56, 0)
	if all, err := Records[packet](b); err != nil || len(all) != 0 {
		t.Errorf("no records: %v, %v", all, err)
	}
	b = packets(2, 56, 0)
	b.wire.Stride, b.wire.Ends = 0, []uint32{56, 112}
	if all, err := Records[packet](b); err != nil || len(all) != 2 || all[1].Time != 1001 {
		t.Errorf("with ends: %v, %v", all, err)
	}
	b.wire.Ends = []uint32{40, 112}
	if _, err := Records[packet](b); err == nil || !strings.Contains(err.Error(), "record 0 of p.packets has 40 bytes, sdk.packet needs 56") {
		t.Errorf("a short record: %v", err)
	}
}

func TestEnumsTakeEitherSign(t *testing.T) {
	for _, signed := range []bool{false, true} {
		b := &Batch{}
		b.reset(&Stream{Schema: &Schema{Size: 4, Fields: []Field{{Name: "dir", Kind: record.Enum, Size: 4, Signed: signed}}}}, &wire.Batch{})
		for _, err := range []error{try[struct{ Dir int32 }](b)(), try[struct{ Dir uint32 }](b)()} {
			if err != nil {
				t.Errorf("signed %t: %v", signed, err)
			}
		}
	}
}

func TestRecordsRefuses(t *testing.T) {
	type other uint16
	b := packets(1, 56, 0)
	for _, test := range []struct {
		name string
		try  func() error
		want string
	}{
		{"offset", try[struct{ Result int32 }](b), "field Result int32: it is at offset 0, result at 8"},
		{"size", try[struct{ Time uint32 }](b), "field Time uint32: time (uint, 8 bytes) must be uint64 here"},
		{"sign", try[struct{ Time int64 }](b), "time (uint, 8 bytes) must be uint64 here"},
		{"float", try[struct{ Time float64 }](b), "must be uint64 here"},
		{"int", try[struct{ Time uint }](b), "must be uint64 here"},
		{"name", try[struct{ When uint64 }](b), "field When uint64: the records have no field of this name"},
		{"tag", try[struct {
			When uint64 `probe:"when"`
		}](b), `the records have no field "when"`},
		{"byte order", try[struct {
			_     [14]byte
			Dport other
		}](b), "dport (uint, 2 bytes, network byte order) must be [2]byte here"},
		{"bool", try[struct {
			_  [36]byte
			Up bool
		}](b), "up (bool, 1 bytes) must be uint8 here"},
		{"array", try[struct {
			_    [38]byte
			Tags [2]int16
		}](b), "tags (array, 4 bytes) must be [2]uint16 here"},
		{"bit field", try[struct {
			_   [52]byte
			Bit uint32
		}](b), "bit is a bit field"},
		{"pointer", try[struct{ Time *int }](b), "must be uint64 here"},
		{"string", try[struct {
			_          [16]byte
			ParentComm string
		}](b), "parent_comm (text, 16 bytes) must be [16]byte here"},
		{"pointer as padding", try[struct {
			_ *int
			_ [48]byte
		}](b), "padding must be made of integers"},
		{"struct as padding", try[struct{ _ struct{ p *int } }](b), "padding must be made of integers"},
		{"flexible", try[struct {
			Time uint64
			Tail [0]byte
		}](b), "it is at offset 8, tail at 56"},
		{"too large", try[struct {
			Time uint64
			_    [56]byte
		}](b), "it has 64 bytes, a record 56"},
		{"not a struct", try[uint64](b), "it is not a struct"},
		{"empty", try[struct{}](b), "it is not a struct with fields"},
		{"two mistakes", try[struct{ Result, Sport int32 }](b), "\nfield Sport int32: it is at offset 4, sport at 12"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.try(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func try[T any](b *Batch) func() error {
	return func() error {
		_, err := Records[T](b)
		return err
	}
}

func TestRecordsAllocates(t *testing.T) {
	b := packets(100, 56, 0)
	sum := uint64(0)
	if n := testing.AllocsPerRun(100, func() {
		all, err := Records[packet](b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			sum += all[i].Time
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
