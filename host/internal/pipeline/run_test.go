package pipeline

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	r := newRun(t)
	p := r.start(watching + `handler "obedient" "failing" {
		from = [probe.exec.starts]
		config { batch = "fail" }
	}`)
	for range 10 {
		work(t)
	}
	if err := r.stop(p, 10*time.Second, 5*time.Second); err != nil {
		t.Errorf("Stop: %v", err)
	}
	s := p.Summary()
	var read uint64
	for _, st := range s.Streams {
		read += st.Read
		if st.Read < 10 || st.Lost > 0 || st.LossUnknown {
			t.Errorf("%+v", st)
		}
	}
	for _, h := range s.Handlers {
		want := read
		if h.Name == "failing" {
			want = s.Streams[index(s, "exec.starts")].Read
		}
		if h.Delivered != want || (h.Failed > 0) != (h.Name == "failing") || h.Err != nil {
			t.Errorf("%+v, want %d delivered", h, want)
		}
	}
}

func index(s Summary, stream string) int {
	for i, st := range s.Streams {
		if st.Name == stream {
			return i
		}
	}
	return -1
}

// A handler that dies is left out; the others go on. It is logged with all that it said, and told in one line at the end.
func TestHandlerDies(t *testing.T) {
	for name, tt := range map[string]struct {
		config string
		signal syscall.Signal
		want   string
	}{
		"killed":     {"", syscall.SIGKILL, "was killed by signal 9 (SIGKILL)"},
		"terminated": {"", syscall.SIGTERM, ""}, // it ends the stream itself
		"exit":       {`batch = "die"`, 0, "exited with status 4"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t)
			p := r.start(watching + `handler "obedient" "bad" {
				from = [probe.exec]
				config { ` + tt.config + ` }
			}`)
			good, bad := p.handlers[0], p.handlers[1]
			if tt.signal != 0 {
				check(t, syscall.Kill(bad.process.Pid(), tt.signal))
			}
			work(t)
			eventually(t, "the handler's end", func() bool { return bad.failure() != nil })
			<-bad.done
			before := good.route.Stats().Delivered
			work(t)
			eventually(t, "events at the other", func() bool { return good.route.Stats().Delivered > before })
			select {
			case err := <-p.Failed():
				t.Errorf("the pipeline failed: %v", err)
			default:
			}
			err := r.stop(p, 10*time.Second, 5*time.Second)
			if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), `handler "bad" stopped early: `) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Stop: %v", err)
			}
			if n := strings.Count(r.log.String(), `handler "bad" stopped early`); n != 1 {
				t.Errorf("logged %d times", n)
			}
			if text := p.Summary().String(); strings.Count(text, "stopped early: ") != 1 {
				t.Errorf("the summary:\n%s", text)
			}
			if s := bad.route.Stats(); s.Dropped == 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestNoHandlerIsLeft(t *testing.T) {
	r := newRun(t)
	p := r.start(watching)
	check(t, syscall.Kill(p.handlers[0].process.Pid(), syscall.SIGKILL))
	select {
	case err := <-p.Failed():
		if !errors.Is(err, ErrNoHandler) {
			t.Errorf("failed with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing happens")
	}
	if err := r.stop(p, 10*time.Second, 5*time.Second); err == nil {
		t.Error("no error")
	}
}

// Handlers that do not return are ended, in time, and what they did not handle is counted.
func TestHandlerHangs(t *testing.T) {
	for _, config := range []string{`batch = "hang"`, `close = "hang"`} {
		t.Run(config, func(t *testing.T) {
			r := newRun(t)
			p := r.start(watching + `handler "obedient" "bad" {
				from = [probe.exec]
				config { ` + config + ` }
			}`)
			work(t)
			eventually(t, "events at the other", func() bool { return p.handlers[0].route.Stats().Delivered > 0 })
			err := r.stop(p, time.Second, 10*time.Second)
			if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), `handler "bad" did not finish: `) {
				t.Errorf("Stop: %v", err)
			}
			s := p.Summary()
			if good := s.Handlers[0]; good.Dropped > 0 || good.Err != nil {
				t.Errorf("the other: %+v", good)
			}
			if bad := s.Handlers[1]; bad.Err == nil || strings.Contains(config, "batch") && bad.Dropped != bad.Offered {
				t.Errorf("%+v", bad)
			}
			if strings.Contains(r.log.String(), "start probehost again") {
				t.Errorf("at the end, this helps nobody:\n%s", r.log.String())
			}
		})
	}
}

// unread is an output that nobody reads.
type unread struct{}

func (unread) Print(ctx context.Context, _ string, _ []byte) { <-ctx.Done() }
func (unread) Live(ctx context.Context, _ string, _ []byte)  { <-ctx.Done() }

// A handler that prints and prints, to an output that nobody reads, holds up neither the others nor the end.
func TestHandlerFloodsStdout(t *testing.T) {
	for name, output := range map[string]*unread{"read": nil, "unread": {}} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t)
			if output != nil {
				r.output = output
			}
			p := r.start(watching + `handler "obedient" "loud" {
				from = [probe.exec]
				config { batch = "flood" }
			}`)
			for range 20 {
				work(t)
			}
			eventually(t, "events at the other", func() bool { return p.handlers[0].route.Stats().Delivered >= 40 })
			if output == nil {
				eventually(t, "output", func() bool { return len(r.out.String()) > 10_000_000 })
			}
			err := r.stop(p, 2*time.Second, 10*time.Second)
			if (err != nil) != (output != nil) {
				t.Errorf("Stop: %v", err)
			}
			if s := p.Summary().Handlers[0]; s.Dropped > 0 || s.Err != nil {
				t.Errorf("the other: %+v", s)
			}
		})
	}
}
