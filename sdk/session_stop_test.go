package sdk

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probehost/probehost/sdk/wire"
)

// A request to end lets the batch at hand finish, takes no other, and closes the handler.
func TestSessionInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var handled, closed time.Duration
		begin := time.Now()
		s, _ := testSession(func(*Host) Handler {
			return closingHandler{
				HandlerFunc: func(context.Context, *Batch) error {
					time.Sleep(time.Second)
					handled = time.Since(begin)
					return nil
				},
				close: func(context.Context) error {
					closed = time.Since(begin)
					return nil
				},
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		stream := newTestStream(ctx)
		stop := make(chan struct{})
		result := start(s, stream, stop)
		stream.batch(1, 1)
		time.AfterFunc(time.Second/2, func() { close(stop) })
		go func() {
			select {
			case stream.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: 2}}}:
			case <-ctx.Done():
			}
		}()
		if err := <-result; err != nil {
			t.Error(err)
		}
		cancel() // as gRPC does
		if handled != time.Second || closed != time.Second {
			t.Errorf("handled after %s, closed after %s", handled, closed)
		}
		if got := stream.sent(); !strings.HasSuffix(got, "ack 1/0") {
			t.Errorf("sent %q", got)
		}
	})
}

func TestSessionStuck(t *testing.T) {
	for _, test := range []struct {
		name    string
		obeys   bool // HandleBatch returns when its context ends
		want    error
		took    time.Duration
		closing int // how often Close is called
	}{
		{"obeys the context", true, nil, finishTimeout, 1},
		{"does not", false, errStuck, finishTimeout + time.Second, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				closing := 0
				s, _ := testSession(func(*Host) Handler {
					return closingHandler{
						HandlerFunc: func(ctx context.Context, _ *Batch) error {
							if test.obeys {
								<-ctx.Done()
								return nil
							}
							<-release
							return nil
						},
						close: func(context.Context) error { closing++; return nil },
					}
				})
				ctx, cancel := context.WithCancel(t.Context())
				stream := newTestStream(ctx)
				stop := make(chan struct{})
				result := start(s, stream, stop)
				stream.batch(1, 1)
				synctest.Wait() // until it is being handled
				begin := time.Now()
				close(stop)
				if err := <-result; !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if d := time.Since(begin); d != test.took {
					t.Errorf("that took %s, want %s", d, test.took)
				}
				if closing != test.closing {
					t.Errorf("closed %d times", closing)
				}
				cancel()
				close(release)
			})
		})
	}
}

func TestSessionCloseStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := testSession(func(*Host) Handler {
			return closingHandler{close: func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(time.Second)
				return nil
			}}
		})
		stream := newTestStream(t.Context())
		begin := time.Now()
		result := start(s, stream, nil)
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d != closeTimeout {
			t.Errorf("that took %s", d)
		}
		time.Sleep(2 * time.Second) // until Close returns
		if !strings.Contains(log.String(), "does not return from Close") {
			t.Errorf("logged %s", log)
		}
	})
}
