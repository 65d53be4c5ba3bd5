package route

import (
	"sync/atomic"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/expr"
)

// Stream is the way from one stream of a probe to its handlers. [Stream.Deliver] is called by one goroutine.
type Stream struct {
	id       uint32
	where    *expr.Predicate
	handlers []*Handler
	gap      batch.Gap // lost before records that the filter then rejected

	read, filtered, lost atomic.Uint64
	lossUnknown          atomic.Bool
}

// NewStream returns the route of the stream with that number. A nil where lets every record pass.
func NewStream(id uint32, where *expr.Predicate, handlers []*Handler) *Stream {
	return &Stream{id: id, where: where, handlers: handlers}
}

// Deliver takes over the caller's reference to b.
func (s *Stream) Deliver(b *batch.Batch) {
	s.read.Add(uint64(b.Count))
	s.lost.Add(b.Gap.Lost)
	if b.Gap.Unknown {
		s.lossUnknown.Store(true)
	}
	if s.where != nil {
		b = s.filter(b)
	}
	if b == nil {
		return
	}
	for _, h := range s.handlers {
		h.offer(s.id, b)
	}
	b.Release()
}

// filter returns a batch of the records that pass, or nil when there is nothing left to tell.
func (s *Stream) filter(b *batch.Batch) *batch.Batch {
	defer b.Release()
	out := batch.Get()
	kept := out.AppendMatching(b, s.where.Match)
	s.filtered.Add(uint64(b.Count - kept))
	out.Clock, out.Tick = b.Clock, b.Tick
	s.gap = addGap(s.gap, b.Gap)
	if kept == 0 && !b.Tick.Last {
		out.Release()
		return nil
	}
	out.Gap, s.gap = s.gap, batch.Gap{}
	return out
}

// Flush passes on a loss that no later batch told of. It is called once, after the last Deliver.
func (s *Stream) Flush() {
	if s.gap.Lost == 0 {
		return
	}
	b := batch.Get()
	b.Gap, s.gap = s.gap, batch.Gap{}
	for _, h := range s.handlers {
		h.offer(s.id, b)
	}
	b.Release()
}

// StreamStats counts the records of a stream since the start.
type StreamStats struct {
	Read     uint64 // came out of the kernel
	Filtered uint64 // rejected by the stream's where
	Lost     uint64 // did not fit the kernel's buffer; not part of Read
	// LossUnknown says that the object does not count what it loses.
	LossUnknown bool
}

// Stats may be called at any time.
func (s *Stream) Stats() StreamStats {
	return StreamStats{Read: s.read.Load(), Filtered: s.filtered.Load(), Lost: s.lost.Load(), LossUnknown: s.lossUnknown.Load()}
}

func addGap(a, b batch.Gap) batch.Gap {
	return batch.Gap{Lost: a.Lost + b.Lost, Unknown: a.Unknown || b.Unknown}
}
