package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
)

// DefaultEvery is the time between the snapshots of a polled map.
const DefaultEvery = time.Second

// poller reads a map as a stream: a snapshot at once, one every interval, and one when it is told to stop, so that what was counted
// until then is in it.
//
// The rows of a snapshot carry the same tick number and time. They come in the map's own order: arrays by index, hashes by bucket, which
// is the same from tick to tick as long as the keys are. No key comes twice. A snapshot is not one instant: entries that change
// while it is read are as they were at some time in it, and those that come or go in that time may be in it or not.
//
// Elements of an array map that are zero are left out: an array exists as a whole, so that zero means not used.
type poller struct {
	reader *mapReader
	rows   *rowMaker
	every  time.Duration
	tally  *tally
	clock  clock

	tick uint64
	sink func(*batch.Batch)
	b    *batch.Batch
	// at identifies the tick that is being read.
	at batch.Tick
}

func newPoller(m *ebpf.Map, spec StreamSpec, t *tally) (*poller, error) {
	values := valueLayout{cpus: 1, size: int(m.ValueSize()), stride: int(m.ValueSize())}
	if object.PerCPU(m.Type()) {
		cpus, err := ebpf.PossibleCPU()
		if err != nil {
			return nil, fmt.Errorf("count the CPUs: %w", err)
		}
		values.cpus, values.stride = cpus, (values.size+7)&^7
	}
	if m.KeySize() != spec.Row.KeySize || m.ValueSize() != spec.Row.ValueSize {
		return nil, fmt.Errorf("the map has keys of %d and values of %d bytes, the object says %d and %d",
			m.KeySize(), m.ValueSize(), spec.Row.KeySize, spec.Row.ValueSize)
	}
	every := spec.Every
	if every <= 0 {
		every = DefaultEvery
	}
	return &poller{
		reader: newMapReader(m, values),
		rows:   newRowMaker(spec.Row, spec.Schema, values, isArray(m.Type())),
		every:  every,
		tally:  t,
	}, nil
}

// valueLayout is how the kernel hands out the values of an entry: one for each CPU, each at a multiple of stride.
type valueLayout struct{ cpus, size, stride int }

func (v valueLayout) total() int { return v.cpus * v.stride }

func isArray(t ebpf.MapType) bool { return t == ebpf.Array || t == ebpf.PerCPUArray }

// run implements reader.
func (p *poller) run(ctx context.Context, sink func(*batch.Batch)) error {
	p.sink = sink
	ticker := time.NewTicker(p.every) // a snapshot that takes longer makes it skip, not pile up
	defer ticker.Stop()
	for {
		// Whatever ended before the snapshot began is in it: the last one begins after ctx has ended.
		last := ctx.Err() != nil
		if err := p.snapshot(); err != nil || last {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// close implements reader. The map belongs to the probe.
func (p *poller) close() error { return nil }

// snapshot passes on the rows of one tick, in one batch or more; the last one is marked. A map without rows makes an empty batch.
func (p *poller) snapshot() error {
	now := time.Now()
	p.tick++
	p.at = batch.Tick{Number: p.tick, Time: now}
	p.rows.begin(p.tick, uint64(nanos(unix.CLOCK_MONOTONIC)))
	p.open()
	complete, err := p.reader.each(p.entry)
	if err != nil {
		p.b.Release()
		p.b = nil
		return err
	}
	// Nobody can count what a restless map kept from being read.
	p.b.Gap.Unknown = !complete
	p.b.Tick.Last = true
	p.pass()
	return nil
}

// entry takes one entry of the map: the key, and the values of all CPUs one after the other.
func (p *poller) entry(key, values []byte) {
	for i := range p.rows.perEntry {
		row, used := p.rows.of(key, values, i)
		if !used {
			continue
		}
		if !p.b.Fits(len(row)) {
			p.pass()
			p.open()
		}
		p.b.Append(row)
	}
}

func (p *poller) open() {
	p.b = batch.Get()
	p.b.Tick = p.at
	p.b.Clock = p.clock.at(time.Now())
}

func (p *poller) pass() {
	p.tally.read.Add(uint64(p.b.Count))
	b := p.b
	p.b = nil
	p.sink(b)
}
