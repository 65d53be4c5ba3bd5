package route

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

// Conn is the stream to a plugin process; [wire.Plugin_StreamClient] is one. Send and Recv may run at the same time.
type Conn interface {
	Send(*wire.ToPlugin) error
	Recv() (*wire.FromPlugin, error)
	CloseSend() error
}

// Output takes what a handler prints. Both may be called by several goroutines.
type Output interface {
	// Print takes whole lines.
	Print(handler string, text []byte)
	// Live takes a block that replaces the handler's last one.
	Live(handler string, text []byte)
}

// Options of a [Handler].
type Options struct {
	Name   string
	Queue  int                        // bytes that may wait, and as many again on their way to the process
	Where  map[uint32]*expr.Predicate // by stream; none: every record
	Output Output
}

// Handler sends batches to one plugin process. [Handler.Run] is called once; everything else at any time.
type Handler struct {
	name    string
	where   map[uint32]*expr.Predicate
	output  Output
	queue   *queue
	missing missing
	flight  flight

	offered, filtered, dropped, failed atomic.Uint64
}

// NewHandler returns a handler that takes batches from now on.
func NewHandler(o Options) *Handler {
	return &Handler{name: o.Name, where: o.Where, output: o.Output, queue: newQueue(o.Queue)}
}

// Name is the handler's name.
func (h *Handler) Name() string { return h.name }

// offer queues the batch if there is room, and never blocks. It takes a reference of its own.
func (h *Handler) offer(stream uint32, b *batch.Batch) {
	h.offered.Add(uint64(b.Count))
	it := item{stream: stream, batch: b, gap: h.missing.take(stream).plus(gap{kernel: b.Gap})}
	if h.queue.push(it) {
		return
	}
	h.dropped.Add(uint64(b.Count))
	it.gap.queue += uint64(b.Count)
	h.missing.put(stream, it.gap)
}

// Run connects and sends what is queued until [Handler.Close], and returns when the plugin has acknowledged everything or is gone. After an
// error, whatever was not acknowledged counts as dropped, as does all that is offered later. Cancelling ctx breaks the connection.
func (h *Handler) Run(ctx context.Context, connect func(context.Context) (Conn, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer h.abandon()
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	received := make(chan error, 1)
	go func() { received <- h.receive(conn) }()
	sent := make(chan error, 1)
	go func() { sent <- h.send(conn) }()

	var sendErr, recvErr error
	select {
	case sendErr = <-sent:
		recvErr = <-received
	case recvErr = <-received:
		// Nobody acknowledges any more. Cancelling frees a Send that waits for room.
		h.queue.close()
		cancel()
		sendErr = <-sent
	}
	switch {
	case recvErr != nil: // says why; Send only says io.EOF
		return recvErr
	case sendErr != nil && !errors.Is(sendErr, io.EOF):
		return sendErr
	case sendErr != nil || h.flight.open() > 0:
		return errors.New("the plugin ended the stream before it had handled everything")
	}
	return nil
}

// Resize tells the plugin the size of the terminal that its output shows on.
func (h *Handler) Resize(width, height int) {
	t := &wire.Terminal{Width: uint32(width), Height: uint32(height)}
	h.queue.push(item{message: &wire.ToPlugin{Message: &wire.ToPlugin_Resize{Resize: &wire.Resize{Terminal: t}}}})
}

// Close ends the stream after what is queued. Run then returns.
func (h *Handler) Close() { h.queue.close() }

// send runs until the queue is closed and empty, or the connection breaks.
func (h *Handler) send(conn Conn) error {
	var m message
	for {
		it, ok := h.queue.pop()
		if !ok {
			break
		}
		if err := h.sendItem(conn, &m, it); err != nil {
			h.queue.close()
			return err
		}
	}
	for stream, g := range h.missing.rest() {
		it := item{stream: stream, batch: batch.Get(), gap: g}
		if err := h.sendItem(conn, &m, it); err != nil {
			return err
		}
	}
	return conn.CloseSend()
}

// sendItem gives up the item's reference.
func (h *Handler) sendItem(conn Conn, m *message, it item) error {
	if it.message != nil {
		return conn.Send(it.message)
	}
	defer func() { it.batch.Release() }()
	if where := h.where[it.stream]; where != nil && it.batch.Count > 0 {
		out := batch.Get()
		kept := out.AppendMatching(it.batch, where.Match)
		h.filtered.Add(uint64(it.batch.Count - kept))
		out.Clock, out.Tick = it.batch.Clock, it.batch.Tick
		it.batch.Release()
		it.batch = out
		if kept == 0 && !out.Tick.Last {
			h.missing.put(it.stream, it.gap)
			return nil
		}
	}
	seq := h.flight.add(it.batch.Count)
	if err := conn.Send(m.of(seq, it)); err != nil {
		return fmt.Errorf("send batch %d: %w", seq, err)
	}
	return nil
}

// receive runs until the plugin ends the stream.
func (h *Handler) receive(conn Conn) error {
	for {
		m, err := conn.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch m := m.Message.(type) {
		case *wire.FromPlugin_Ack:
			if err := h.flight.ack(m.Ack.Seq); err != nil {
				return err
			}
			h.failed.Store(m.Ack.Failed)
		case *wire.FromPlugin_Output:
			if m.Output.Live {
				h.output.Live(h.name, m.Output.Text)
			} else {
				h.output.Print(h.name, m.Output.Text)
			}
		}
	}
}

// abandon counts what nobody will handle any more.
func (h *Handler) abandon() {
	h.queue.close()
	for {
		it, ok := h.queue.pop()
		if !ok {
			break
		}
		if it.batch != nil {
			h.dropped.Add(uint64(it.batch.Count))
			it.batch.Release()
		}
	}
	h.dropped.Add(h.flight.abandon())
}

// HandlerStats counts the records offered to a handler. Offered = Delivered + Filtered + Dropped + Pending.
type HandlerStats struct {
	Offered   uint64
	Delivered uint64 // acknowledged by the plugin
	Filtered  uint64 // rejected by the handler's where
	Dropped   uint64 // did not fit the queue, or the plugin died before it handled them
	Pending   uint64 // queued, or sent and not acknowledged
	Failed    uint64 // of the delivered ones: the handler returned an error for their batch
}

// Stats may be called at any time. While records are under way the sums may be off by those of one batch.
func (h *Handler) Stats() HandlerStats {
	s := HandlerStats{
		Delivered: h.flight.delivered.Load(), Filtered: h.filtered.Load(), Dropped: h.dropped.Load(), Failed: h.failed.Load(),
	}
	s.Offered = max(h.offered.Load(), s.Delivered+s.Filtered+s.Dropped)
	s.Pending = s.Offered - s.Delivered - s.Filtered - s.Dropped
	return s
}
