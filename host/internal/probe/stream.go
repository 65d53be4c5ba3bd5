package probe

import (
	"context"
	"sync/atomic"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/sdk/record"
)

// Stream is one source of records of a loaded probe.
type Stream struct {
	probe  string
	spec   StreamSpec
	tally  *tally
	reader reader
}

// reader is the way in which one kind of stream is read: ring buffer, perf event array, polled map.
type reader interface {
	// run passes batches to sink, each with one reference that is then the sink's, until ctx ends; then it passes on what is left
	// and returns nil. It is called at most once.
	run(ctx context.Context, sink func(*batch.Batch)) error
	// close frees what the reader holds. Not during run.
	close() error
}

// newReader returns the reader of a stream whose records come out of m. Counting goes to t.
func newReader(spec StreamSpec, m *ebpf.Map, lost lossCounter, t *tally) (reader, error) {
	switch spec.Source {
	case object.Ring:
		return newRingReader(m, spec.Linger, lost, t)
	case object.Perf:
		return newPerfReader(m, spec, lost, t)
	default:
		return newPoller(m, spec, t)
	}
}

// tally counts what a reader has seen. The reader adds, once per batch; anybody may read.
type tally struct {
	read, lost atomic.Uint64
	lossKnown  bool // constant
}

// Stats are the counters of a stream since it was loaded.
type Stats struct {
	Read uint64 // records passed to the sink
	Lost uint64 // records that did not fit, as far as they are counted
	// LostKnown says whether the object, or the kernel for it, counts losses at all. If not, Lost is a lower bound.
	LostKnown bool
}

// Probe returns the name of the stream's probe.
func (s *Stream) Probe() string { return s.probe }

// Name returns the name of the stream's map.
func (s *Stream) Name() string { return s.spec.Name }

// Source says what kind of map the records come out of.
func (s *Stream) Source() object.Source { return s.spec.Source }

// Schema describes the records.
func (s *Stream) Schema() *record.Schema { return s.spec.Schema }

// Run reads the stream and passes its records to sink in batches until ctx ends; then it passes on all that is left and returns nil. The
// sink is called by one goroutine and owns the batch's reference. Run is called at most once.
func (s *Stream) Run(ctx context.Context, sink func(*batch.Batch)) error {
	if err := s.reader.run(ctx, sink); err != nil {
		return &Error{Probe: s.probe, Stream: s.spec.Name, What: "cannot be read any further", Err: err}
	}
	return nil
}

// Stats returns the counters so far. Any goroutine may call it at any time, also after Close.
func (s *Stream) Stats() Stats {
	return Stats{Read: s.tally.read.Load(), Lost: s.tally.lost.Load(), LostKnown: s.tally.lossKnown}
}
