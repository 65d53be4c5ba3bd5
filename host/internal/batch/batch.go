// Package batch holds the unit that travels from the kernel to the handlers: consecutive records of one stream, packed.
package batch

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/probehost/probehost/sdk/record"
)

const (
	// MaxBytes is the size at which a batch is closed. A single record may be larger; it then travels alone.
	MaxBytes = 256 << 10
	// MaxAge is how long after its first record a batch is closed. Passing a batch on wakes several threads, which at a moderate rate is
	// most of what an event costs: see BenchmarkPaced in package bench.
	MaxAge = 7 * time.Millisecond
	// MaxRecord is the largest record that travels. Readers count larger ones as lost.
	MaxRecord = 4 << 20
	// MaxCount bounds the records of one batch, so that records without bytes end a batch too.
	MaxCount = 64 << 10
)

// Batch is consecutive records of one stream as the kernel wrote them. One goroutine fills it; from then on it is read-only and
// shared by reference count: [Get] gives the first reference, [Batch.Retain] adds one, [Batch.Release] gives one back.
type Batch struct {
	// Records holds the records one after the other.
	Records []byte
	// Stride is the size of every record when they are all of one size; else zero, and Ends says where each ends in Records.
	Stride uint32
	Ends   []uint32
	// Count is the number of records.
	Count int
	// Gap is what went missing from the stream before the first record.
	Gap Gap
	// Clock relates the records' kernel times to wall time, as of when the batch was read.
	Clock record.Clock
	// Tick is set on the batches of a polled map.
	Tick Tick

	refs atomic.Int32
}

// Gap counts the records that the kernel could not put into the stream.
type Gap struct {
	Lost    uint64
	Unknown bool // the object does not count its losses
}

// Tick identifies a snapshot of a polled map. The zero Tick means none.
type Tick struct {
	Number uint64 // counts from 1
	Time   time.Time
	Last   bool // this batch completes the snapshot
}

var pool = sync.Pool{New: func() any {
	return &Batch{Records: make([]byte, 0, MaxBytes)}
}}

// Get returns an empty batch with one reference.
func Get() *Batch {
	b := pool.Get().(*Batch)
	b.refs.Store(1)
	return b
}

// Retain adds a reference.
func (b *Batch) Retain() { b.refs.Add(1) }

// Release gives a reference back. After the last one the batch is used again for other records.
func (b *Batch) Release() {
	switch n := b.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("batch: released more often than retained")
	}
	if cap(b.Records) != MaxBytes || cap(b.Ends) > 2*MaxCount {
		return // a clone, or grown for an outsize record
	}
	b.Reset()
	pool.Put(b)
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Records, b.Ends = b.Records[:0], b.Ends[:0]
	b.Stride, b.Count = 0, 0
	b.Gap, b.Clock, b.Tick = Gap{}, record.Clock{}, Tick{}
}

// Append copies a record to the end of the batch.
func (b *Batch) Append(rec []byte) {
	b.Records = append(b.Records, rec...)
	b.added(len(rec))
}

// AppendSplit copies a record that comes in two parts, as one that wraps around the end of a buffer does.
func (b *Batch) AppendSplit(head, tail []byte) {
	b.Records = append(append(b.Records, head...), tail...)
	b.added(len(head) + len(tail))
}

func (b *Batch) added(size int) {
	switch {
	case b.Count == 0:
		b.Stride = uint32(size)
	case uint32(size) == b.Stride && len(b.Ends) == 0:
	default:
		if len(b.Ends) == 0 { // the first record of another size
			for i := range b.Count {
				b.Ends = append(b.Ends, uint32(i+1)*b.Stride)
			}
			b.Stride = 0
		}
	}
	b.Count++
	if len(b.Ends) > 0 {
		b.Ends = append(b.Ends, uint32(len(b.Records)))
	}
}

// Fits reports whether a record of that size may be added before the batch is closed.
func (b *Batch) Fits(size int) bool {
	return b.Count == 0 || (len(b.Records)+size <= MaxBytes && b.Count < MaxCount)
}

// Record returns the i-th record. It is valid as long as the batch is.
func (b *Batch) Record(i int) []byte {
	if len(b.Ends) == 0 {
		off := i * int(b.Stride)
		return b.Records[off : off+int(b.Stride) : off+int(b.Stride)]
	}
	var start uint32
	if i > 0 {
		start = b.Ends[i-1]
	}
	end := b.Ends[i]
	return b.Records[start:end:end]
}

// AppendMatching copies the records of src for which keep is true, and returns how many there were. Everything else of src (gap, clock,
// tick) is left to the caller.
func (b *Batch) AppendMatching(src *Batch, keep func(rec []byte) bool) int {
	n := 0
	for i := range src.Count {
		if rec := src.Record(i); keep(rec) {
			b.Append(rec)
			n++
		}
	}
	return n
}

// Clone returns a copy that takes only as much memory as the records need, for keeping a small batch a long time.
func (b *Batch) Clone() *Batch {
	c := &Batch{
		Records: append(make([]byte, 0, len(b.Records)), b.Records...),
		Ends:    append(make([]uint32, 0, len(b.Ends)), b.Ends...),
		Stride:  b.Stride, Count: b.Count, Gap: b.Gap, Clock: b.Clock, Tick: b.Tick,
	}
	c.refs.Store(1)
	return c
}

// Footprint is the memory in bytes that the batch holds on to.
func (b *Batch) Footprint() int { return cap(b.Records) + 4*cap(b.Ends) }
