package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// An acknowledgement waits for company: for so many batches or bytes, or so long.
	ackBatches = 8
	ackBytes   = 1 << 20
	ackDelay   = 50 * time.Millisecond
	// outputsPerAck is how many messages of output may delay it. They take all that was waiting, unless lines are very long.
	outputsPerAck = 16

	finishTimeout = 5 * time.Second // for the batch at hand, when the process has to end
	closeTimeout  = 5 * time.Second // for the handler's Close
	errorInterval = 1 * time.Second // between log lines about failing batches
)

// session is one handler from its opening to its end. Three goroutines share it: receive takes batches and calls the handler, send
// sends acknowledgements and output, run waits for the end.
type session struct {
	host    *Host
	handler Handler
	streams map[uint32]*Stream
	started bool // guarded by the server

	turn chan struct{} // holds an element while nobody handles a batch
	over chan struct{} // closed when no batch may be handled any more
	// ended is closed when run is about to return.
	ended chan struct{}

	wake     chan struct{} // has an element when an acknowledgement is due
	ackTimer *time.Timer   // notifies when it fires
	ackArmed atomic.Bool   // ackTimer is going to fire

	mu        sync.Mutex
	ackSeq    uint64 // all batches up to here are handled
	ackFailed uint64 // records of those that failed

	sent uint64 // the last ackSeq sent; of the sending goroutine alone

	// Of the receiving goroutine alone.
	batch           Batch
	unackedBatches  int
	unackedBytes    int
	lastError       time.Time
	errorsUnlogged  int
	recordsUnlogged int
}

func newSession(h *Host, handler Handler) *session {
	s := &session{
		host: h, handler: handler, streams: map[uint32]*Stream{},
		turn: make(chan struct{}, 1), over: make(chan struct{}), ended: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	for _, stream := range h.streams {
		s.streams[stream.ID] = stream
	}
	s.turn <- struct{}{}
	return s
}

// run returns when the host has ended the stream and everything that came is handled, when stop is closed, or when the connection breaks.
func (s *session) run(stream grpc.BidiStreamingServer[wire.ToPlugin, wire.FromPlugin], stop <-chan struct{}) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	s.ackTimer = time.AfterFunc(time.Hour, func() {
		s.ackArmed.Store(false)
		s.notify()
	})
	defer s.ackTimer.Stop()
	received := make(chan error, 1)
	go func() { received <- s.receive(ctx, stream) }()
	finish := make(chan struct{})
	sent := make(chan error, 1)
	go func() { sent <- s.send(stream, finish) }()

	var err error
	select {
	case err = <-received:
	case <-stop:
		err = s.interrupt(cancel)
	}
	close(s.over)
	if !errors.Is(err, errStuck) {
		s.close()
	}
	s.host.output.close()
	close(finish)
	return errors.Join(err, <-sent)
}

var errStuck = status.Error(codes.DeadlineExceeded, "the process has to end, but the handler does not return from HandleBatch")

// interrupt waits for the batch at hand and keeps the next one from being handled.
func (s *session) interrupt(cancel context.CancelFunc) error {
	timer := time.AfterFunc(finishTimeout, cancel)
	defer timer.Stop()
	select {
	case <-s.turn:
		return nil
	case <-time.After(finishTimeout + time.Second):
		s.host.log.Error("the handler does not return from HandleBatch, it is not closed")
		return errStuck
	}
}

// close lets the handler finish.
func (s *session) close() {
	c, ok := s.handler.(Closer)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Close(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			s.host.log.Error("closing the handler failed", "error", err)
		}
	case <-ctx.Done():
		s.host.log.Error("the handler does not return from Close", "after", closeTimeout.String())
	}
}

// receive handles what comes until the host ends the stream.
func (s *session) receive(ctx context.Context, stream grpc.ServerStream) error {
	var in wire.Inbound
	for {
		err := stream.RecvMsg(&in)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case in.Resize != nil:
			s.host.terminal.Store(&wire.Terminal{Width: in.Resize.GetTerminal().GetWidth(), Height: in.Resize.GetTerminal().GetHeight()})
		case in.Batch != nil:
			select {
			case <-s.turn:
			case <-s.over:
				return nil
			}
			err := s.handle(ctx, in.Batch)
			s.turn <- struct{}{}
			if err != nil {
				return err
			}
		}
	}
}

// handle hands a batch to the handler and makes a note for the acknowledgement. A panic of the handler ends the process: the host
// shows its stack, and nobody guesses what state the handler is in.
func (s *session) handle(ctx context.Context, w *wire.Batch) error {
	stream := s.streams[w.Stream]
	if stream == nil {
		return status.Error(codes.InvalidArgument, fmt.Sprintf("batch %d is of stream %d, which this handler does not have", w.Seq, w.Stream))
	}
	s.batch.reset(stream, w)
	err := s.handler.HandleBatch(ctx, &s.batch)

	s.mu.Lock()
	s.ackSeq = max(s.ackSeq, w.Seq)
	if err != nil {
		s.ackFailed += uint64(w.Count)
	}
	s.mu.Unlock()

	s.unackedBatches++
	s.unackedBytes += len(w.Records)
	if s.unackedBatches >= ackBatches || s.unackedBytes >= ackBytes {
		s.unackedBatches, s.unackedBytes = 0, 0
		s.notify()
	} else if s.ackArmed.CompareAndSwap(false, true) {
		s.ackTimer.Reset(ackDelay)
	}
	if err != nil {
		s.logError(err, stream, int(w.Count))
	}
	return nil
}

// logError logs one error per interval, with the number of those before it that were not.
func (s *session) logError(err error, stream *Stream, records int) {
	s.recordsUnlogged += records
	if now := time.Now(); now.Sub(s.lastError) >= errorInterval {
		s.host.log.Error("handling a batch failed", "error", err, "stream", stream.String(), "records", s.recordsUnlogged, "unlogged_errors", s.errorsUnlogged)
		s.lastError, s.errorsUnlogged, s.recordsUnlogged = now, 0, 0
		return
	}
	s.errorsUnlogged++
}

func (s *session) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// send sends acknowledgements and output until finish is closed, and then what is left.
func (s *session) send(stream grpc.BidiStreamingServer[wire.ToPlugin, wire.FromPlugin], finish <-chan struct{}) error {
	for {
		last := false
		select {
		case <-s.wake:
		case <-s.host.output.wake:
		case <-finish:
			last = true
		}
		if err := s.sendDue(stream, last); err != nil {
			s.host.output.close() // nobody takes the rest
			return err
		}
		if last {
			return nil
		}
	}
}

// sendDue sends the output that is there, and then acknowledges what was handled before: an acknowledgement tells the host that the output
// of those batches has arrived.
func (s *session) sendDue(stream grpc.BidiStreamingServer[wire.ToPlugin, wire.FromPlugin], last bool) error {
	s.mu.Lock()
	ack := &wire.Ack{Seq: s.ackSeq, Failed: s.ackFailed}
	s.mu.Unlock()
	for i := 0; last || i < outputsPerAck; i++ {
		out := s.host.output.take(last)
		if out == nil {
			break
		}
		if i == outputsPerAck-1 {
			s.host.output.notify() // come back for more after the acknowledgement
		}
		if err := stream.Send(&wire.FromPlugin{Message: &wire.FromPlugin_Output{Output: out}}); err != nil {
			return err
		}
	}
	if ack.Seq == s.sent {
		return nil
	}
	s.sent = ack.Seq
	return stream.Send(&wire.FromPlugin{Message: &wire.FromPlugin_Ack{Ack: ack}})
}
