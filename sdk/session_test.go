package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

func printing(h *Host) Handler {
	return closingHandler{
		HandlerFunc: func(_ context.Context, b *Batch) error {
			_, err := fmt.Fprintf(h.Stdout(), "%d\n", b.Seq())
			return err
		},
		close: func(context.Context) error {
			_, err := io.WriteString(h.Stdout(), "closed")
			return err
		},
	}
}

func TestSessionEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := testSession(printing)
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		stream.batch(1, 1)
		stream.batch(2, 1)
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		text, acks := "", ""
		for part := range strings.SplitSeq(stream.sent(), ", ") {
			if line, ok := strings.CutPrefix(part, "text "); ok {
				text += line
			} else {
				acks = part // the last one
			}
		}
		if text != "1\n2\nclosed\n" || acks != "ack 2/0" {
			t.Errorf("sent %q, at last %q", text, acks)
		}
		if log.Len() > 0 {
			t.Errorf("logged %s", log)
		}
	})
}

// Acknowledgements wait for 20 ms, 8 batches or 1 MiB, and come after the output of their batches.
func TestSessionAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(printing)
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		expect := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := stream.sent(); !strings.HasSuffix(got, want) {
				t.Errorf("after %s sent %q, want %q", want, got, want)
			}
		}
		stream.batch(1, 1)
		synctest.Wait()
		stream.sent() // output and perhaps an acknowledgement with it
		stream.batch(2, 1)
		time.Sleep(ackDelay)
		expect("ack 2/0")
		stream.batch(3, 1)
		time.Sleep(ackDelay)
		expect("ack 3/0")
		stream.batch(4, ackBytes)
		expect("text 4\n, ack 4/0")
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestSessionAcknowledgesInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(func(*Host) Handler { return HandlerFunc(func(context.Context, *Batch) error { return nil }) })
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		for i := range 2 * ackBatches {
			stream.batch(uint64(i+1), 1)
			synctest.Wait()
		}
		if got := stream.sent(); got != "ack 8/0, ack 16/0" {
			t.Errorf("sent %q", got)
		}
		stream.batch(17, 1)
		synctest.Wait()
		if got := stream.sent(); got != "" {
			t.Errorf("sent %q at once", got)
		}
		time.Sleep(ackDelay)
		synctest.Wait()
		if got := stream.sent(); got != "ack 17/0" {
			t.Errorf("sent %q", got)
		}
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestSessionErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := testSession(func(*Host) Handler {
			return HandlerFunc(func(_ context.Context, b *Batch) error {
				if b.Seq() == 2 {
					return nil
				}
				return errors.New("disk full")
			})
		})
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		for seq := range uint64(5) {
			stream.batch(seq+1, 1)
		}
		time.Sleep(errorInterval)
		stream.batch(6, 1)
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if got := stream.sent(); !strings.HasSuffix(got, "ack 6/5") {
			t.Errorf("sent %q", got)
		}
		want := `level=ERROR msg="handling a batch failed" error="disk full" stream=p.s records=1 unlogged_errors=0
level=ERROR msg="handling a batch failed" error="disk full" stream=p.s records=4 unlogged_errors=3
`
		if log.String() != want {
			t.Errorf("logged\n%swant\n%s", log, want)
		}
	})
}

func TestSessionUnknownStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(printing)
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		stream.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: 1, Stream: 9}}}
		if err := <-result; err == nil || !strings.Contains(err.Error(), "batch 1 is of stream 9, which this handler does not have") {
			t.Errorf("got %v", err)
		}
	})
}

func TestSessionResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(printing)
		if _, _, ok := s.host.Terminal(); ok {
			t.Error("a terminal from the start")
		}
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		stream.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Resize{Resize: &wire.Resize{Terminal: &wire.Terminal{Width: 80, Height: 25}}}}
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if w, h, ok := s.host.Terminal(); !ok || w != 80 || h != 25 {
			t.Errorf("%dx%d, %t", w, h, ok)
		}
	})
}

// The way of an event from the codec to the handler allocates nothing.
func TestSessionAllocates(t *testing.T) {
	field := &packetSchema.Fields[0]
	sum := uint64(0)
	s, _ := testSession(func(*Host) Handler {
		return HandlerFunc(func(_ context.Context, b *Batch) error {
			for e := range b.Events() {
				sum += e.Uint64(field)
			}
			return nil
		})
	})
	s.host.streams[0].Schema = packetSchema
	s.ackTimer = time.AfterFunc(time.Hour, s.notify)
	defer s.ackTimer.Stop()
	data, err := proto.Marshal(&wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: 1, Count: 1000, Stride: 56, Records: make([]byte, 56000)}}})
	if err != nil {
		t.Fatal(err)
	}
	var in wire.Inbound
	c := wire.Codec()
	buffers := mem.BufferSlice{mem.SliceBuffer(data)}
	if n := testing.AllocsPerRun(100, func() {
		if err := c.Unmarshal(buffers, &in); err != nil {
			t.Fatal(err)
		}
		if err := s.handle(t.Context(), in.Batch); err != nil {
			t.Fatal(err)
		}
	}); n > 1 { // per batch of 1000 records
		t.Errorf("%v allocations per batch", n)
	}
}
