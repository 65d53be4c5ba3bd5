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

// Conn is the stream to a plugin process; [wire.Plugin_StreamClient] is one. Send and Recv may run at the same time. Send marshals the
// message before it returns.
type Conn interface {
	Send(*wire.ToPlugin) error
	Recv() (*wire.FromPlugin, error)
	CloseSend() error
}

// Output takes what a handler prints. Both may be called by several goroutines, and may wait for a reader that does not read until ctx ends;
// the text is lost then. Meanwhile the handler's acknowledgements wait too.
type Output interface {
	// Print takes whole lines.
	Print(ctx context.Context, handler string, text []byte)
	// Live takes a block that replaces the handler's last one.
	Live(ctx context.Context, handler string, text []byte)
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
	flight  *flight

	finished                           atomic.Bool // the end of the stream was sent
	offered, filtered, dropped, failed atomic.Uint64
}

// NewHandler returns a handler that takes batches from now on.
func NewHandler(o Options) *Handler {
	return &Handler{name: o.Name, where: o.Where, output: o.Output, queue: newQueue(o.Queue), flight: newFlight()}
}

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
	sent := make(chan error, 1)
	go func() { sent <- h.send(conn) }()

	recvErr := h.receive(ctx, cancel, conn)
	// Nobody acknowledges any more. Closing and cancelling free a sender that waits, for a batch or for room.
	complete := h.finished.Load()
	h.queue.close()
	h.flight.close()
	cancel()
	sendErr := <-sent
	switch {
	case !errors.Is(recvErr, io.EOF): // says why; Send only says io.EOF
		return recvErr
	case !complete && sendErr != nil && !errors.Is(sendErr, io.EOF):
		return sendErr
	case !complete:
		return errors.New("the plugin ended the stream by itself")
	case h.flight.open() > 0:
		return fmt.Errorf("the plugin ended the stream without handling the last %d batches", h.flight.open())
	}
	return nil
}

// Resize tells the plugin the size of the terminal that its output shows on.
func (h *Handler) Resize(width, height int) {
	h.queue.resize(&wire.Terminal{Width: uint32(width), Height: uint32(height)})
}

// Close ends the stream after what is queued. Run then returns.
func (h *Handler) Close() { h.queue.close() }

// send runs until the queue is closed and empty, or the connection breaks.
func (h *Handler) send(conn Conn) error {
	s := sender{handler: h, conn: conn, held: map[uint32]gap{}}
	for {
		it, ok := h.queue.pop()
		if !ok {
			break
		}
		if err := s.send(it); err != nil {
			h.queue.close()
			return err
		}
	}
	for stream, g := range h.missing.rest() {
		s.hold(stream, g)
	}
	if err := s.flush(); err != nil {
		return err
	}
	h.finished.Store(true)
	return conn.CloseSend()
}

// receive runs until the plugin ends the stream; the error is then io.EOF.
func (h *Handler) receive(ctx context.Context, cancel context.CancelFunc, conn Conn) error {
	for {
		m, err := conn.Recv()
		if err != nil {
			return err
		}
		switch m := m.Message.(type) {
		case *wire.FromPlugin_Ack:
			if broken := h.ack(m.Ack); broken != nil {
				cancel()
				for err == nil { // whoever ends the process waits for Recv to see the end of the stream
					_, err = conn.Recv()
				}
				return broken
			}
		case *wire.FromPlugin_Output:
			if m.Output.GetLive() {
				h.output.Live(ctx, h.name, m.Output.GetText())
			} else {
				h.output.Print(ctx, h.name, m.Output.GetText())
			}
		}
	}
}

func (h *Handler) ack(a *wire.Ack) error {
	if err := h.flight.ack(a.GetSeq()); err != nil {
		return err
	}
	failed, delivered := a.GetFailed(), h.flight.delivered.Load()
	if failed < h.failed.Load() || failed > delivered {
		return fmt.Errorf("broken protocol: the plugin says that it failed for %d records, of %d that it has handled", failed, delivered)
	}
	h.failed.Store(failed)
	return nil
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
