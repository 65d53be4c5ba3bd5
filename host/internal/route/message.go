package route

import "github.com/probehost/probehost/sdk/wire"

// message is one ToPlugin used for every batch of a handler: Send has marshalled it when it returns.
type message struct {
	to    wire.ToPlugin
	box   wire.ToPlugin_Batch
	batch wire.Batch
	gap   wire.Gap
	tick  wire.Tick
}

func (m *message) of(seq uint64, it item) *wire.ToPlugin {
	b := it.batch
	w := &m.batch
	w.Stream, w.Seq = it.stream, seq
	w.Count, w.Stride, w.Ends, w.Records = uint32(b.Count), b.Stride, b.Ends, b.Records
	w.MonotonicOffsetNs, w.BootOffsetNs = b.Clock.Monotonic, b.Clock.Boot
	w.Gap, w.Tick = nil, nil
	if it.gap.any() || it.gap.kernel.Unknown {
		m.gap.Kernel, m.gap.KernelUnknown, m.gap.Queue = it.gap.kernel.Lost, it.gap.kernel.Unknown, it.gap.queue
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
