package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/record"
)

// perfEvery is the time between looks at the buffers. A wake-up from the kernel costs the program that emits 8 to 10 microseconds, so it is
// asked for only when a buffer is half full.
const perfEvery = 10 * time.Millisecond

// perfReader reads a perf event array: a buffer for each CPU.
//
// If the object counts its losses, that count is used. Else it is the kernel's, which reaches us with the next record that fits: at the end
// a mark.
type perfReader struct {
	array  *ebpf.Map
	reader *perf.Reader
	mark   perfMark
	fixed  uint32 // size of the records, zero if it varies
	lost   lossCounter
	tally  *tally
}

func newPerfReader(m *ebpf.Map, spec StreamSpec, lost lossCounter, t *tally) (*perfReader, error) {
	size := int(spec.Size)
	if size == 0 {
		size = DefaultPerfSize
	}
	reader, err := perf.NewReaderWithOptions(m, size, perf.ReaderOptions{Watermark: size / 2})
	if err != nil {
		return nil, fmt.Errorf("open the buffers of each CPU: %w", err)
	}
	return &perfReader{array: m, reader: reader, mark: newPerfMark(), fixed: fixedSize(spec.Schema), lost: lost, tally: t}, nil
}

// fixedSize returns the size of the records if they cannot vary.
func fixedSize(s *record.Schema) uint32 {
	for _, f := range s.Fields {
		if f.Size == 0 {
			return 0
		}
	}
	return s.Size
}

func (r *perfReader) run(ctx context.Context, sink func(*batch.Batch)) error {
	flushed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(flushed)
		_ = r.reader.Flush() // fails only when it is closed, which is not before run returns
	})
	defer func() {
		if !stop() {
			<-flushed
		}
	}()
	c := &collector{sink: sink, lost: r.lost, tally: r.tally}
	defer c.discard()
	var rec perf.Record
	marked := r.lost != nil // then there is no need
	for r.reader.SetDeadline(time.Now().Add(perfEvery)); ; {
		switch err := r.reader.ReadInto(&rec); {
		case err == nil:
			if err := r.take(c, &rec); err != nil {
				return err
			}
		case errors.Is(err, os.ErrDeadlineExceeded): // all buffers are empty
			if err := c.flush(); err != nil {
				return err
			}
			r.reader.SetDeadline(time.Now().Add(perfEvery))
		case errors.Is(err, perf.ErrFlushed) && marked:
			return c.flush()
		case errors.Is(err, perf.ErrFlushed):
			marked = true
			if err := errors.Join(r.mark.write(r.array), r.reader.Flush()); err != nil {
				return errors.Join(err, c.flush())
			}
		case perf.IsUnknownEvent(err): // neither a record nor a loss
		default:
			return err
		}
	}
}

func (r *perfReader) take(c *collector, rec *perf.Record) error {
	if rec.LostSamples > 0 {
		if r.lost == nil {
			c.missed += rec.LostSamples
		}
		return nil
	}
	raw := rec.RawSample
	if r.mark.in(raw) {
		return nil
	}
	if n := int(r.fixed); n > 0 && len(raw) > n && len(raw) < n+8 {
		raw = raw[:n] // the kernel pads
	}
	return c.add(raw)
}

func (r *perfReader) close() error { return r.reader.Close() }
