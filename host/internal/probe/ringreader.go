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

// busy reads from a wake-up on until a batch is passed on with the ring empty. Waking costs more than looking, so until then it looks
// by the clock.
func (r *ringReader) busy(ctx context.Context, c *collector) error {
	for {
		if err := r.gather(c); err != nil {
			return err
		}
		for moved := true; moved && ctx.Err() == nil; {
			var err error
			if moved, err = r.ring.drain(c); err != nil {
				return err
			}
			if c.b != nil && (r.linger == 0 && !moved || time.Since(c.since) >= batch.MaxAge) {
				if err := c.flush(); err != nil {
					return err
				}
			}
		}
		if c.b == nil || ctx.Err() != nil {
			return nil
		}
	}
}

// gather lets records gather: it sleeps for the linger, or until the open batch is due, or until half of the ring could be full, whichever
// is first. How long that takes it reckons from the fastest that programs can be, and once it has seen some from four times that rate.
func (r *ringReader) gather(c *collector) error {
	start := time.Now()
	until := start.Add(r.linger)
	if c.b != nil && c.due().Before(until) {
		until = c.due()
	}
	at := r.ring.fill()
	for now := start; now.Before(until); now = time.Now() {
		fill := r.ring.fill()
		if fill >= r.ring.size/2 {
			return nil
		}
		rate := float64(fastest)
		if seen := now.Sub(start); seen >= shortestSleep {
			rate = min(rate, 4*float64(fill-at+1)/float64(seen))
		}
		safe := time.Duration(float64(r.ring.size/2-fill) / rate)
		if err := r.waker.sleep(min(max(safe, shortestSleep), until.Sub(now))); err != nil {
			return err
		}
		if r.waker.stopped.Load() {
			return nil
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
