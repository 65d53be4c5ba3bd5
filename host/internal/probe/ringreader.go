package probe

import (
	"context"
	"errors"
	"time"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/batch"
)

const (
	// A program may write without waking the reader (BPF_RB_NO_WAKEUP), so it looks by itself now and then: often after it found
	// something that it was not woken for, more and more seldom when there is nothing.
	idleShortest = 5 * time.Millisecond
	idleLongest  = 200 * time.Millisecond

	// fastest is about the most bytes per nanosecond that programs write into one ring, which has one lock.
	fastest = 2
	// shortestSleep is not worth going below: the kernel rounds sleeps up by 50 microseconds.
	shortestSleep = 50 * time.Microsecond

	// A program that was interrupted in the middle of a record may need this long to finish it after it was detached.
	unfinishedGrace = 50 * time.Millisecond
	unfinishedPoll  = time.Millisecond
)

// ringReader reads a ring buffer.
type ringReader struct {
	ring   *ring
	waker  *waker
	linger time.Duration
	lost   lossCounter
	tally  *tally

	rate float64 // bytes per nanosecond that came in lately; zero: not known
}

func newRingReader(m *ebpf.Map, linger time.Duration, lost lossCounter, t *tally) (*ringReader, error) {
	ring, err := mapRing(m)
	if err != nil {
		return nil, err
	}
	waker, err := newWaker(m.FD())
	if err != nil {
		return nil, errors.Join(err, ring.close())
	}
	switch {
	case linger == 0:
		linger = DefaultLinger
	case linger < 0:
		linger = 0
	}
	return &ringReader{ring: ring, waker: waker, linger: linger, lost: lost, tally: t}, nil
}

func (r *ringReader) run(ctx context.Context, sink func(*batch.Batch)) error {
	defer r.waker.interruptAfter(ctx)()
	c := &collector{sink: sink, lost: r.lost, tally: r.tally}
	defer c.discard()
	idle := idleShortest
	for ctx.Err() == nil {
		woken, err := r.waker.wait(idle)
		if err != nil {
			return err
		}
		if r.ring.fill() == 0 {
			idle = min(2*idle, idleLongest)
			continue
		}
		if !woken {
			idle = idleShortest
		}
		if err := r.busy(ctx, c); err != nil {
			return err
		}
	}
	return r.finish(c)
}

// busy reads from a wake-up on until there has been nothing to read for a while. Waking costs more than looking, so it looks by the clock.
func (r *ringReader) busy(ctx context.Context, c *collector) error {
	for r.rate = 0; ; {
		until := time.Now().Add(batch.MaxAge)
		if r.linger > 0 {
			until = time.Now().Add(r.linger)
		}
		for moved := true; moved && time.Now().Before(until); {
			if err := r.gather(until); err != nil {
				return err
			}
			var err error
			if moved, err = r.ring.drain(c); err != nil || ctx.Err() != nil {
				return err
			}
			if !moved && c.b == nil {
				return nil
			}
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
}

// gather sleeps until then, or until there is a batch to read, and never so long that the ring could fill: at the fastest that programs can
// be, if nothing is known, else at twice the rate seen.
func (r *ringReader) gather(until time.Time) error {
	if r.linger == 0 {
		return nil
	}
	enough := min(r.ring.size/2, batch.MaxBytes)
	start, written := time.Now(), r.ring.written()
	for now := start; now.Before(until); now = time.Now() {
		if seen := now.Sub(start); seen >= shortestSleep {
			r.rate = float64(r.ring.written()-written) / float64(seen)
		}
		fill := r.ring.fill()
		if fill >= enough || r.waker.stopped.Load() {
			return nil
		}
		wait, fast := float64(until.Sub(now)), float64(fastest)
		if r.rate > 0 {
			wait, fast = min(wait, float64(enough-fill)/r.rate), min(fast, 2*r.rate)
		}
		wait = min(wait, float64(r.ring.size-fill)/4/fast) // a quarter: others may want the CPU when this wakes
		if err := r.waker.sleep(max(time.Duration(wait), shortestSleep)); err != nil {
			return err
		}
	}
	return nil
}

// finish passes on what was in the ring when the reader was told to stop, and waits a little for records that are still being written.
func (r *ringReader) finish(c *collector) error {
	end := r.ring.written()
	for deadline := time.Now().Add(unfinishedGrace); ; time.Sleep(unfinishedPoll) {
		if _, err := r.ring.drain(c); err != nil {
			return err
		}
		if int64(r.ring.next-end) >= 0 || time.Now().After(deadline) {
			return c.flush()
		}
	}
}

func (r *ringReader) close() error {
	return errors.Join(r.waker.close(), r.ring.close())
}
