package sdktest

import (
	"slices"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/wire"
)

// Batch is a batch to send.
type Batch struct {
	Records     []any // see [Record]
	Gap         sdk.Gap
	Tick        *sdk.Tick // for streams of source sdk.Poll
	Redelivered bool
}

// Send sends the records in one batch. It does not wait until they are handled; [Run.Stdout] and its like do.
func (r *Run) Send(s *Stream, records ...any) {
	r.tb.Helper()
	r.SendBatch(s, Batch{Records: records})
}

// Tick sends the records as one whole snapshot of a polled map, taken now.
func (r *Run) Tick(s *Stream, records ...any) {
	r.tb.Helper()
	r.ticks[s]++
	r.SendBatch(s, Batch{Records: records, Tick: &sdk.Tick{Number: r.ticks[s], Time: time.Now(), Last: true}})
}

// SendBatch sends one batch.
func (r *Run) SendBatch(s *Stream, b Batch) {
	r.tb.Helper()
	w := r.encode(s, b)
	r.seq++
	w.Seq = r.seq
	if err := r.stream.Send(&wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: w}}); err != nil {
		r.tb.Fatalf("sdktest: send to %s.%s: %v", s.Probe, s.Name, err)
	}
}

// Resize changes the size of the terminal.
func (r *Run) Resize(width, height int) {
	r.tb.Helper()
	t := &wire.Terminal{Width: uint32(width), Height: uint32(height)}
	if err := r.stream.Send(&wire.ToPlugin{Message: &wire.ToPlugin_Resize{Resize: &wire.Resize{Terminal: t}}}); err != nil {
		r.tb.Fatalf("sdktest: resize: %v", err)
	}
}

func (r *Run) encode(s *Stream, b Batch) *wire.Batch {
	r.tb.Helper()
	id := slices.Index(r.streams, s)
	if id < 0 {
		r.tb.Fatalf("sdktest: the handler was not opened with the stream %s.%s", s.Probe, s.Name)
	}
	w := &wire.Batch{Stream: uint32(id), Count: uint32(len(b.Records)), Redelivered: b.Redelivered}
	if b.Gap != (sdk.Gap{}) {
		w.Gap = &wire.Gap{Kernel: b.Gap.Kernel, KernelUnknown: b.Gap.KernelUnknown, Queue: b.Gap.Queue}
	}
	if b.Tick != nil {
		w.Tick = &wire.Tick{Number: b.Tick.Number, UnixNs: b.Tick.Time.UnixNano(), Last: b.Tick.Last}
	}
	alike := true
	for i, value := range b.Records {
		rec, err := Record(s.Schema, value)
		if err != nil {
			r.tb.Fatalf("sdktest: record %d for %s.%s: %v", i, s.Probe, s.Name, err)
		}
		if i == 0 {
			w.Stride = uint32(len(rec))
		}
		alike = alike && uint32(len(rec)) == w.Stride
		w.Records = append(w.Records, rec...)
		w.Ends = append(w.Ends, uint32(len(w.Records)))
	}
	if alike {
		w.Ends = nil
	} else {
		w.Stride = 0
	}
	return w
}
