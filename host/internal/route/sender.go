package route

import (
	"fmt"
	"io"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/wire"
)

// sender sends the items of a handler's queue. One goroutine uses it.
type sender struct {
	handler *Handler
	conn    Conn
	message message
	held    map[uint32]gap // by stream: what was missing before batches of which then nothing was left to send
}

// send gives up the item's reference.
func (s *sender) send(it item) error {
	if it.resize != nil {
		return s.conn.Send(&wire.ToPlugin{Message: &wire.ToPlugin_Resize{Resize: &wire.Resize{Terminal: it.resize}}})
	}
	b := it.batch
	defer func() { b.Release() }()
	s.hold(it.stream, it.gap)
	if where := s.handler.where[it.stream]; where != nil && b.Count > 0 {
		out := batch.Get()
		kept := out.AppendMatching(b, where.Match)
		s.handler.filtered.Add(uint64(b.Count - kept))
		out.Clock, out.Tick = b.Clock, b.Tick
		b.Release()
		b = out
		if kept == 0 && !out.Tick.Last {
			return nil
		}
	}
	return s.sendBatch(it.stream, b)
}

// sendBatch sends the batch with what was missing before it.
func (s *sender) sendBatch(stream uint32, b *batch.Batch) error {
	g := s.held[stream]
	delete(s.held, stream)
	seq, ok := s.handler.flight.add(b.Count)
	if !ok {
		return io.EOF
	}
	if err := s.conn.Send(s.message.of(seq, stream, b, g)); err != nil {
		return fmt.Errorf("send batch %d: %w", seq, err)
	}
	return nil
}

// hold keeps a gap for the next batch of its stream.
func (s *sender) hold(stream uint32, g gap) {
	if g != (gap{}) {
		s.held[stream] = s.held[stream].plus(g)
	}
}

// flush tells of what is missing and has no batch to come.
func (s *sender) flush() error {
	for stream, g := range s.held {
		if !g.any() {
			continue
		}
		b := batch.Get()
		err := s.sendBatch(stream, b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
