package probe

import (
	"time"

	"github.com/probehost/probehost/host/internal/batch"
)

// collector packs a stream's records into batches and passes these on. One goroutine uses it.
type collector struct {
	sink  func(*batch.Batch)
	lost  lossCounter // nil: nobody counts
	tally *tally
	clock clock

	b *batch.Batch // nil: no batch is open

	told   uint64 // what lost had counted at the last batch
	missed uint64 // losses since then that lost does not count: outsize records, reports of the kernel
}

// room returns the open batch, after passing it on and opening the next if a record of that size does not fit. A record too large to
// travel is counted as lost instead; the caller leaves it out.
func (c *collector) room(size int) (*batch.Batch, error) {
	if size > batch.MaxRecord {
		c.missed++
		return c.b, nil
	}
	if c.b != nil && !c.b.Fits(size) {
		if err := c.flush(); err != nil {
			return nil, err
		}
	}
	if c.b == nil {
		c.b = batch.Get()
	}
	return c.b, nil
}

// add copies a record.
func (c *collector) add(rec []byte) error {
	b, err := c.room(len(rec))
	if err == nil && len(rec) <= batch.MaxRecord {
		b.Append(rec)
	}
	return err
}

// flush passes on the open batch with what was lost since the one before. Without an open batch it passes on an empty one if there are
// losses to tell.
func (c *collector) flush() error {
	gap, err := c.gap()
	if err != nil {
		return err
	}
	if c.b == nil {
		if gap.Lost == 0 {
			return nil
		}
		c.b = batch.Get()
	}
	b := c.b
	c.b = nil
	b.Gap, b.Clock = gap, c.clock.at(time.Now())
	c.tally.read.Add(uint64(b.Count))
	c.tally.lost.Add(gap.Lost)
	c.sink(b)
	return nil
}

func (c *collector) gap() (batch.Gap, error) {
	gap := batch.Gap{Lost: c.missed, Unknown: !c.tally.lossKnown}
	if c.lost != nil {
		total, err := c.lost.total()
		if err != nil {
			return batch.Gap{}, err
		}
		if total > c.told { // a program that sets its counter back cannot make losses go away
			gap.Lost += total - c.told
			c.told = total
		}
	}
	c.missed = 0
	return gap, nil
}

// discard gives the open batch back, after an error.
func (c *collector) discard() {
	if c.b != nil {
		c.b.Release()
		c.b = nil
	}
}
