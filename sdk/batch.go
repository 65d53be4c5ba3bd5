package sdk

import (
	"iter"
	"time"

	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// Batch is consecutive records of one stream. It is valid until HandleBatch returns; so are its events.
// A batch may have no records: it then tells of a gap, or completes a tick.
type Batch struct {
	stream *Stream
	wire   *wire.Batch // checked by wire.Check
	clock  record.Clock
}

// Gap counts the records of the stream that are missing since the batch before.
type Gap struct {
	Kernel uint64 // did not fit the kernel's buffer
	// KernelUnknown says that the object does not count its losses, so Kernel may be too low.
	KernelUnknown bool
	Queue         uint64 // did not fit this handler's queue
}

// Lost returns the number of records known to be missing.
func (g Gap) Lost() uint64 { return g.Kernel + g.Queue }

// Tick is one snapshot of a polled map. A large one takes several batches.
type Tick struct {
	Number uint64 // counts from 1
	Time   time.Time
	Last   bool // this batch completes the snapshot
}

// Stream returns the stream that the records are from.
func (b *Batch) Stream() *Stream { return b.stream }

// Len returns the number of records.
func (b *Batch) Len() int { return int(b.wire.Count) }

// At returns the i-th event. It panics if i is out of range.
func (b *Batch) At(i int) Event {
	if uint(i) >= uint(b.wire.Count) {
		panic("sdk: Batch.At: index out of range")
	}
	return Event{batch: b, rec: b.record(i)}
}

// record returns the bytes of the i-th record, with no room to append.
func (b *Batch) record(i int) []byte {
	w := b.wire
	if len(w.Ends) == 0 {
		start, end := i*int(w.Stride), (i+1)*int(w.Stride)
		return w.Records[start:end:end]
	}
	start, end := uint32(0), w.Ends[i]
	if i > 0 {
		start = w.Ends[i-1]
	}
	return w.Records[start:end:end]
}

// Events yields the events in order.
func (b *Batch) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for i := range int(b.wire.Count) {
			if !yield(Event{batch: b, rec: b.record(i)}) {
				return
			}
		}
	}
}

// Seq returns the batch's number. It counts from 1 over all batches sent to this handler.
func (b *Batch) Seq() uint64 { return b.wire.Seq }

// Gap returns what is missing before this batch.
func (b *Batch) Gap() Gap {
	g := b.wire.Gap
	return Gap{Kernel: g.GetKernel(), KernelUnknown: g.GetKernelUnknown(), Queue: g.GetQueue()}
}

// Tick returns the snapshot that the records are from. It reports false if the stream is not a polled map.
func (b *Batch) Tick() (Tick, bool) {
	t := b.wire.Tick
	if t == nil {
		return Tick{}, false
	}
	return Tick{Number: t.Number, Time: time.Unix(0, t.UnixNs), Last: t.Last}, true
}

// Redelivered reports whether an earlier process of this handler may have handled the batch, or a part of it, before it died.
func (b *Batch) Redelivered() bool { return b.wire.Redelivered }

// reset makes b a view of another message.
func (b *Batch) reset(s *Stream, w *wire.Batch) {
	b.stream, b.wire = s, w
	b.clock = record.Clock{Monotonic: w.MonotonicOffsetNs, Boot: w.BootOffsetNs}
}
