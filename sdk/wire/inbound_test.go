package wire

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// split cuts data into buffers of that size, as the transport delivers it.
func split(data []byte, size int) mem.BufferSlice {
	var s mem.BufferSlice
	for len(data) > 0 {
		n := min(size, len(data))
		s = append(s, mem.SliceBuffer(data[:n]))
		data = data[n:]
	}
	return s
}

func batchMessage(b *Batch) *ToPlugin { return &ToPlugin{Message: &ToPlugin_Batch{Batch: b}} }

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var messages = map[string]*ToPlugin{
	"stride": batchMessage(&Batch{Stream: 3, Seq: 1 << 40, Count: 5, Stride: 40, Records: bytes.Repeat([]byte("record. "), 25),
		MonotonicOffsetNs: -7, BootOffsetNs: 1 << 62, Redelivered: true}),
	"ends":    batchMessage(&Batch{Seq: 2, Count: 4, Ends: []uint32{0, 300, 300, 700}, Records: make([]byte, 700)}),
	"gap":     batchMessage(&Batch{Seq: 3, Gap: &Gap{Kernel: 5, KernelUnknown: true, Queue: 6}}),
	"tick":    batchMessage(&Batch{Seq: 4, Count: 1, Stride: 8, Records: make([]byte, 8), Tick: &Tick{Number: 9, UnixNs: 10, Last: true}}),
	"no data": batchMessage(&Batch{Seq: 5, Count: 3}),
	"resize":  {Message: &ToPlugin_Resize{Resize: &Resize{Terminal: &Terminal{Width: 80, Height: 25}}}},
	"empty":   {},
}

// received returns what the message says, in a form to compare.
func (in *Inbound) received() *ToPlugin {
	switch {
	case in.Batch != nil:
		return batchMessage(in.Batch)
	case in.Resize != nil:
		return &ToPlugin{Message: &ToPlugin_Resize{Resize: in.Resize}}
	}
	return &ToPlugin{}
}

// One Inbound takes one message after the other, however the transport cuts it, and understands what protobuf understands.
func TestInbound(t *testing.T) {
	c := Codec()
	var in Inbound
	for _, size := range []int{1, 7, 64, 1 << 20} {
		for name, want := range messages {
			if err := c.Unmarshal(split(marshal(t, want), size), &in); err != nil {
				t.Errorf("%s in pieces of %d: %v", name, size, err)
				continue
			}
			if got := in.received(); !proto.Equal(got, want) {
				t.Errorf("%s in pieces of %d:\ngot  %v\nwant %v", name, size, got, want)
			}
			if in.Batch != nil && len(in.Batch.Records) > 0 && uintptr(unsafe.Pointer(&in.Batch.Records[0]))%8 != 0 {
				t.Errorf("%s: records at %p", name, in.Batch.Records)
			}
		}
	}
}

// Fields of later versions are passed over; repeated numbers may come one by one.
func TestInboundForward(t *testing.T) {
	var b []byte
	for num := protowire.Number(90); num < 94; num++ {
		b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), 1)
		b = protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), 1)
		b = protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), 1)
		b = protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), "later")
	}
	message := bytes.Clone(b)
	for _, end := range []uint64{2, 5} {
		b = protowire.AppendVarint(protowire.AppendTag(b, batchEnds, protowire.VarintType), end)
	}
	b = append(b, marshal(t, &Batch{Count: 2, Records: []byte("hello")})...)
	message = protowire.AppendBytes(protowire.AppendTag(message, toPluginBatch, protowire.BytesType), b)
	var in Inbound
	if err := in.decode(split(message, 3)); err != nil {
		t.Fatal(err)
	}
	want := &Batch{Count: 2, Ends: []uint32{2, 5}, Records: []byte("hello")}
	if !proto.Equal(in.Batch, want) {
		t.Errorf("got %v, want %v", in.Batch, want)
	}
}

func TestInboundAllocates(t *testing.T) {
	for _, name := range []string{"stride", "ends"} {
		data := split(marshal(t, messages[name]), 64)
		var in Inbound
		if n := testing.AllocsPerRun(100, func() {
			if err := in.decode(data); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations per message", name, n)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name  string
		batch *Batch
		want  string // part of the error
	}{
		{"stride", &Batch{Count: 2, Stride: 3, Records: make([]byte, 6)}, ""},
		{"ends", &Batch{Count: 3, Ends: []uint32{1, 1, 4}, Records: make([]byte, 4)}, ""},
		{"no records", &Batch{}, ""},
		{"records without bytes", &Batch{Count: 5}, ""},
		{"too short", &Batch{Count: 2, Stride: 3, Records: make([]byte, 5)}, "2 records of 3 bytes do not make 5 bytes"},
		{"overflow", &Batch{Count: 1 << 16, Stride: 1 << 31}, "do not make 0 bytes"},
		{"too many", &Batch{Count: 1<<20 + 1}, "at most 1048576 are allowed"},
		{"bytes without records", &Batch{Records: make([]byte, 1)}, "0 records of 0 bytes do not make 1 bytes"},
		{"both", &Batch{Count: 1, Stride: 1, Ends: []uint32{1}, Records: make([]byte, 1)}, "both a stride and ends"},
		{"ends missing", &Batch{Count: 3, Ends: []uint32{1, 4}, Records: make([]byte, 4)}, "do not fit 3 records"},
		{"last end", &Batch{Count: 2, Ends: []uint32{1, 5}, Records: make([]byte, 4)}, "do not fit 2 records in 4 bytes"},
		{"backwards", &Batch{Count: 3, Ends: []uint32{9, 2, 4}, Records: make([]byte, 4)}, "record 1 ends before it begins"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Check(test.batch)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// Whatever comes, decoding does not fail badly, and what protobuf makes of it is understood alike. Not the very bytes: of a message
// that is there twice, which no host sends, protobuf takes both and Inbound the last.
func FuzzInbound(f *testing.F) {
	for _, m := range messages {
		f.Add(marshal(f, m), 5)
	}
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1)
	var in Inbound
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if err := in.decode(split(data, max(size, 1))); err == nil && in.Batch != nil {
			if err := Check(in.Batch); err != nil {
				t.Errorf("decoded without an error, but %v", err)
			}
		}
		var want ToPlugin
		if proto.Unmarshal(data, &want) != nil {
			return
		}
		known(&want)
		valid := want.GetBatch() == nil || Check(want.GetBatch()) == nil
		err := in.decode(split(marshal(t, &want), max(size, 1)))
		if (err == nil) != valid {
			t.Fatalf("%v: %v", &want, err)
		}
		if valid && !proto.Equal(in.received(), &want) {
			t.Errorf("got %v, want %v", in.received(), &want)
		}
	})
}

// known drops what a later version may have added.
func known(m *ToPlugin) {
	m.ProtoReflect().SetUnknown(nil)
	if b := m.GetBatch(); b != nil {
		b.ProtoReflect().SetUnknown(nil)
	}
}

func BenchmarkInbound(b *testing.B) {
	records := make([]byte, 256<<10/48*48)
	for i := range records {
		records[i] = byte(rand.Uint32())
	}
	data := split(marshal(b, batchMessage(&Batch{Stream: 1, Seq: 7, Count: uint32(len(records) / 48), Stride: 48, Records: records})), 16<<10)
	b.SetBytes(int64(len(records)))
	b.ReportAllocs()
	var in Inbound
	for b.Loop() {
		if err := in.decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
