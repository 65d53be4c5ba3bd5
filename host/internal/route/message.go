package route

import (
	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/wire"
)

// message is one ToPlugin used for every batch of a handler, which a [Conn] allows.
type message struct {
	to    wire.ToPlugin
	box   wire.ToPlugin_Batch
	batch wire.Batch
	gap   wire.Gap
	tick  wire.Tick
}

func (m *message) of(seq uint64, stream uint32, b *batch.Batch, g gap) *wire.ToPlugin {
	w := &m.batch
	w.Stream, w.Seq = stream, seq
	w.Count, w.Stride, w.Ends, w.Records = uint32(b.Count), b.Stride, b.Ends, b.Records
	w.MonotonicOffsetNs, w.BootOffsetNs = b.Clock.Monotonic, b.Clock.Boot
	w.Gap, w.Tick = nil, nil
	if g != (gap{}) {
		m.gap.Kernel, m.gap.KernelUnknown, m.gap.Queue = g.kernel.Lost, g.kernel.Unknown, g.queue
		w.Gap = &m.gap
	}
	if b.Tick.Number > 0 {
		m.tick.Number, m.tick.UnixNs, m.tick.Last = b.Tick.Number, b.Tick.Time.UnixNano(), b.Tick.Last
		w.Tick = &m.tick
	}
	m.box.Batch = w
	m.to.Message = &m.box
	return &m.to
}
