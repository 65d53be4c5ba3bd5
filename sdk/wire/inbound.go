package wire

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Inbound receives [ToPlugin] messages, one after the other, into the same memory: pass it to RecvMsg of a stream whose server has
// [ServerOptions]. Each message overwrites the one before. Exactly one of Batch and Resize is set after a successful receive, or none
// if the message is of a kind that this version does not know.
//
// The records are copied once, from the transport's buffers, and begin at a multiple of eight bytes. Count, Stride, Ends and Records
// of the batch are checked against each other, see [Check].
type Inbound struct {
	Batch  *Batch
	Resize *Resize

	batch   Batch
	gap     Gap
	tick    Tick
	resize  Resize
	records aligned
	ends    []uint32
	scratch []byte
	reader  reader
}

// Field numbers, as in probehost.proto.
const (
	toPluginBatch  = 1
	toPluginResize = 2

	batchStream          = 1
	batchSeq             = 2
	batchCount           = 3
	batchStride          = 4
	batchEnds            = 5
	batchRecords         = 6
	batchGap             = 7
	batchMonotonicOffset = 8
	batchBootOffset      = 9
	batchRedelivered     = 10
	batchTick            = 11
)

func (in *Inbound) decode(data mem.BufferSlice) (err error) {
	in.Batch, in.Resize = nil, nil
	in.reader.reset(data)
	defer in.reader.release()
	for in.reader.left() > 0 {
		num, typ := in.reader.tag()
		switch {
		case num == toPluginBatch && typ == protowire.BytesType:
			in.decodeBatch(in.reader.length())
		case num == toPluginResize && typ == protowire.BytesType:
			in.message(&in.resize)
			in.Batch, in.Resize = nil, &in.resize
		default:
			in.reader.skip(num, typ)
		}
		if err := in.reader.err; err != nil {
			return fmt.Errorf("message to the plugin: %w", err)
		}
	}
	if in.Batch != nil {
		return Check(in.Batch)
	}
	return nil
}

func (in *Inbound) decodeBatch(size int) {
	b, r := &in.batch, &in.reader
	b.Reset()
	b.Records, in.ends = nil, in.ends[:0]
	end := r.left() - size
	for r.err == nil && r.left() > end {
		num, typ := r.tag()
		switch typ {
		case protowire.VarintType:
			in.number(num, r.varint())
		case protowire.BytesType:
			in.lengthDelimited(num)
		default:
			r.skip(num, typ)
		}
	}
	if r.left() < end {
		r.fail(errOverrun)
	}
	b.Ends = in.ends
	in.Batch, in.Resize = b, nil
}

func (in *Inbound) number(num protowire.Number, v uint64) {
	b := &in.batch
	switch num {
	case batchStream:
		b.Stream = uint32(v)
	case batchSeq:
		b.Seq = v
	case batchCount:
		b.Count = uint32(v)
	case batchStride:
		b.Stride = uint32(v)
	case batchEnds:
		in.ends = append(in.ends, uint32(v))
	case batchMonotonicOffset:
		b.MonotonicOffsetNs = int64(v)
	case batchBootOffset:
		b.BootOffsetNs = int64(v)
	case batchRedelivered:
		b.Redelivered = v != 0
	}
}

func (in *Inbound) lengthDelimited(num protowire.Number) {
	switch num {
	case batchRecords:
		in.batch.Records = in.records.grow(in.reader.length())
		in.reader.read(in.batch.Records)
	case batchEnds:
		in.packedEnds()
	case batchGap:
		in.message(&in.gap)
		in.batch.Gap = &in.gap
	case batchTick:
		in.message(&in.tick)
		in.batch.Tick = &in.tick
	default:
		in.reader.skip(num, protowire.BytesType)
	}
}

func (in *Inbound) packedEnds() {
	for buf := in.bytes(); len(buf) > 0; {
		v, n := protowire.ConsumeVarint(buf)
		if n < 0 {
			in.reader.fail(protowire.ParseError(n))
			return
		}
		in.ends = append(in.ends, uint32(v))
		buf = buf[n:]
	}
}

// message decodes a small message with protobuf's own decoder.
func (in *Inbound) message(m proto.Message) {
	buf := in.bytes()
	if in.reader.err == nil {
		in.reader.fail(proto.Unmarshal(buf, m))
	}
}

// bytes returns the next length-delimited value. It is valid until the next call.
func (in *Inbound) bytes() []byte {
	n := in.reader.length()
	if cap(in.scratch) < n {
		in.scratch = make([]byte, n)
	}
	buf := in.scratch[:n]
	in.reader.read(buf)
	return buf
}

// MaxCount is the largest number of records in a batch.
const MaxCount = 1 << 20

// Check reports whether the records of a batch lie where it says: Count records of Stride bytes; or, if Stride is zero, Count ends
// that never decrease and stop at the end of Records; or Count records without bytes.
func Check(b *Batch) error {
	size := uint64(len(b.Records))
	switch {
	case b.Count > MaxCount:
		return fmt.Errorf("batch %d has %d records, at most %d are allowed", b.Seq, b.Count, MaxCount)
	case b.Stride > 0 && len(b.Ends) > 0:
		return fmt.Errorf("batch %d has both a stride and ends", b.Seq)
	case len(b.Ends) == 0 && uint64(b.Count)*uint64(b.Stride) != size:
		return fmt.Errorf("batch %d: %d records of %d bytes do not make %d bytes", b.Seq, b.Count, b.Stride, size)
	case len(b.Ends) == 0:
		return nil
	case len(b.Ends) != int(b.Count) || uint64(b.Ends[len(b.Ends)-1]) != size:
		return fmt.Errorf("batch %d: %d ends, the last at %d, do not fit %d records in %d bytes",
			b.Seq, len(b.Ends), b.Ends[len(b.Ends)-1], b.Count, size)
	}
	last := uint32(0)
	for i, e := range b.Ends {
		if e < last {
			return fmt.Errorf("batch %d: record %d ends before it begins", b.Seq, i)
		}
		last = e
	}
	return nil
}
