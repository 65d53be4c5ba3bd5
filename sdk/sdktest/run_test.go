package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type config struct {
	When    sdk.Predicate `hcl:"when,optional"`
	Message sdk.Template  `hcl:"message,optional" doc:"What to print."`
	Top     int           `hcl:"top,optional" default:"5"`
	Rules   []struct {
		Name string        `hcl:"name,label"`
		When sdk.Predicate `hcl:"when"`
	} `hcl:"rule,block"`
}

func (c config) Validate(*sdk.Host) error {
	if c.Top < 1 {
		return sdk.Errorf(sdk.Path{"top"}, "%d is less than 1", c.Top)
	}
	return nil
}

// printer prints what it gets.
type printer struct {
	h   *sdk.Host
	cfg config
	n   int
}

var printerType = sdk.NewType(sdk.Info{Name: "printer", Version: "1"}, func(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
	h.Log().Info("opened", "top", cfg.Top, "@level", "fake")
	return &printer{h: h, cfg: cfg}, nil
})

func (p *printer) HandleBatch(_ context.Context, b *sdk.Batch) error {
	if g := b.Gap(); g.Lost() > 0 {
		fmt.Fprintf(p.h.Stdout(), "lost %d\n", g.Lost())
	}
	if t, ok := b.Tick(); ok {
		p.h.Live(fmt.Sprintf("tick %d of %d rows, last %t", t.Number, b.Len(), t.Last))
	}
	for e := range b.Events() {
		if comm, ok := e.Stream().Schema.Lookup("comm"); ok && string(e.Bytes(comm)) == "bad" {
			return errors.New("bad event")
		}
		if !p.cfg.When.Match(e) {
			continue
		}
		p.n++
		text := e.Text()
		if !p.cfg.Message.IsZero() {
			text = p.cfg.Message.Render(e)
		}
		for _, r := range p.cfg.Rules {
			if r.When.Match(e) {
				text += " " + r.Name
			}
		}
		fmt.Fprintf(p.h.Stdout(), "%s: %s\n", b.Stream(), text)
	}
	return nil
}

func (p *printer) Close(context.Context) error {
	_, err := fmt.Fprintf(p.h.Stdout(), "%d events", p.n)
	return err
}

func starts() *sdktest.Stream {
	return &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(
		sdktest.Uint("pid", 4), sdktest.Text("comm", 16), sdktest.IP("addr"), sdktest.Uint("proto", 1, record.Protocol),
	)}
}

func TestRun(t *testing.T) {
	s := starts()
	run := sdktest.Open(t, printerType, sdktest.Options{Config: map[string]any{
		"when":    sdktest.Compare("pid", ">", 1),
		"message": sdktest.Render("${event.comm} (${event.pid}) from ${event.addr} by ${event.proto}"),
		"rule": []map[string]any{
			{"name": "tcp", "when": sdktest.Compare("proto", "==", "tcp")},
			{"name": "shell", "when": sdktest.Any(sdktest.Compare("comm", "==", "sh"), sdktest.Compare("comm", "endswith", "ash"))},
		},
	}}, s)
	run.Send(s,
		map[string]any{"pid": 1, "comm": "init"},
		map[string]any{"pid": 2, "comm": "bash", "addr": "192.0.2.1", "proto": "tcp"},
		map[string]any{"pid": 3, "comm": "cat", "addr": "2001:db8::1", "proto": 17},
	)
	want := "exec.starts: bash (2) from 192.0.2.1 by tcp tcp shell\nexec.starts: cat (3) from 2001:db8::1 by udp\n"
	if got := run.Stdout(); got != want {
		t.Errorf("printed\n%swant\n%s", got, want)
	}
	run.Send(s, map[string]any{"comm": "bad"}, map[string]any{"comm": "bad"})
	if got := run.Failed(); got != 2 {
		t.Errorf("%d records failed, want 2", got)
	}
	run.SendBatch(s, sdktest.Batch{Gap: sdk.Gap{Kernel: 2, Queue: 3}})
	run.Close()
	if got := run.Stdout(); got != want+"lost 5\n2 events\n" {
		t.Errorf("printed in the end\n%s", got)
	}
	logs := run.Logs()
	if len(logs) != 2 {
		t.Fatalf("logged %v, want two lines", logs)
	}
	if l := logs[0]; l.Level != "info" || l.Message != "opened" || l.Attrs["top"] != 5.0 || l.Attrs["_level"] != "fake" {
		t.Errorf("logged %+v", l)
	}
	if l := logs[1]; l.Level != "error" || l.Attrs["error"] != "bad event" || l.Attrs["records"] != 2.0 {
		t.Errorf("logged %+v", l)
	}
}

func TestTicks(t *testing.T) {
	s := starts()
	s.Source, s.Interval = sdk.Poll, time.Second
	run := sdktest.Open(t, printerType, sdktest.Options{}, s)
	run.Tick(s, map[string]any{"pid": 7})
	if got := run.Live(); len(got) != 1 || got[0] != "tick 1 of 1 rows, last true" {
		t.Errorf("live %q", got)
	}
}

// A test may run in a bubble: time then passes when nothing else happens.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := starts()
		run := sdktest.Open(t, printerType, sdktest.Options{}, s)
		begin := time.Now()
		run.Send(s, map[string]any{"pid": 7})
		if got := run.Stdout(); got == "" {
			t.Error("printed nothing")
		}
		if d := time.Since(begin); d > time.Second {
			t.Errorf("an answer took %s", d)
		}
		run.Close()
	})
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		config any
		want   string
	}{
		{"validator", map[string]any{"top": 0}, "[top: 0 is less than 1]"},
		{"type", `{"top": "x"}`, "[top: a number is required]"},
		{"two at once", `{"top": 1.5, "bottom": 1}`, "[top: 1.5 is not a whole number bottom: there is no attribute or block of this name]"},
		{"nested", map[string]any{"rule": []any{map[string]any{"name": "a"}}}, "[rule[0].when: this attribute is required]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := sdktest.Options{Config: test.config}
			if got := fmt.Sprint(sdktest.Validate(t, printerType, o, starts())); got != test.want {
				t.Errorf("Validate: got %s, want %s", got, test.want)
			}
			if got := fmt.Sprint(sdktest.Refusal(t, printerType, o, starts())); got != test.want {
				t.Errorf("Open: got %s, want %s", got, test.want)
			}
		})
	}
}
