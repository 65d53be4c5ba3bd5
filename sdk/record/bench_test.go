package record

import (
	"encoding/binary"
	"testing"
)

// connection is a record like those of the tcp_connect object.
func connection() (*Schema, []byte) {
	s := &Schema{Size: 64, Fields: []Field{
		{Name: "time", Kind: Uint, Format: Time, Size: 8},
		{Name: "pid", Kind: Uint, Offset: 8, Size: 4},
		{Name: "uid", Kind: Uint, Format: User, Offset: 12, Size: 4},
		{Name: "comm", Kind: Text, Offset: 16, Size: 16},
		{Name: "daddr", Kind: Bytes, Format: IP, Offset: 32, Size: 16},
		{Name: "dport", Kind: Uint, Format: Port, Offset: 48, Size: 2},
		{Name: "result", Kind: Int, Format: Errno, Offset: 52, Size: 4},
		{Name: "latency", Kind: Uint, Format: Duration, Offset: 56, Size: 8},
	}}
	rec := make([]byte, 64)
	binary.LittleEndian.PutUint64(rec, 123_456_789_012_345)
	binary.LittleEndian.PutUint32(rec[8:], 4242)
	copy(rec[16:], "curl")
	copy(rec[42:], "\xff\xff\x0a\x00\x00\x01")
	binary.LittleEndian.PutUint16(rec[48:], 443)
	binary.LittleEndian.PutUint32(rec[52:], 111)
	binary.LittleEndian.PutUint64(rec[56:], 1_500_000)
	return s, rec
}

func BenchmarkSchemaAppendJSON(b *testing.B) {
	s, rec := connection()
	clock := &Clock{Monotonic: 1_700_000_000_000_000_000}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = s.AppendJSON(dst[:0], rec, clock)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkSchemaAppendText(b *testing.B) {
	s, rec := connection()
	clock := &Clock{Monotonic: 1_700_000_000_000_000_000}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = s.AppendText(dst[:0], rec, clock)
	}
}

func BenchmarkFieldAppendJSON(b *testing.B) {
	s, rec := connection()
	clock := &Clock{Monotonic: 1_700_000_000_000_000_000}
	dst := make([]byte, 0, 1024)
	for i := range s.Fields {
		f := &s.Fields[i]
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = f.AppendJSON(dst[:0], rec, clock)
			}
		})
	}
}

func BenchmarkFieldUint(b *testing.B) {
	s, rec := connection()
	var sum uint64
	for b.Loop() {
		sum += s.Fields[1].Uint(rec)
	}
	if sum == 0 {
		b.Fatal("read nothing")
	}
}

func TestRenderingAllocatesNothing(t *testing.T) {
	s, rec := connection()
	dst := make([]byte, 0, 1024)
	clock := &Clock{}
	s.AppendJSON(dst, rec, clock)
	if n := testing.AllocsPerRun(1000, func() { s.AppendJSON(dst, rec, clock) }); n != 0 {
		t.Errorf("JSON: %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { s.AppendText(dst, rec, clock) }); n != 0 {
		t.Errorf("text: %v allocations", n)
	}
	copy(rec[16:], "\x1b\xff\xc3\xbc\"\\")
	if n := testing.AllocsPerRun(1000, func() { s.AppendText(s.AppendJSON(dst, rec, nil), rec, nil) }); n != 0 {
		t.Errorf("odd text: %v allocations", n)
	}
}
