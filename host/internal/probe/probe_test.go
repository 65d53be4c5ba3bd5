package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/batch"
)

func TestFirstOf(t *testing.T) {
	needRoot(t)
	attach := []Attach{
		{Program: "on_fentry", Target: "no_such_function"}, // refused when loaded
		{Program: "on_raw_tracepoint", Target: "no_such"},  // refused when attached
		{Program: "on_tracepoint", Target: "sched/sched_process_exec"},
		{Program: "on_btf_tracepoint", Target: "sched_process_exec"},
	}
	t.Run("first that works", func(t *testing.T) {
		o := open(t, "hooks")
		p := load(t, Spec{Name: "p", Object: o, Attach: attach, Streams: streamsOf(t, o),
			FirstOf: []string{"on_fentry", "on_raw_tracepoint", "on_tracepoint", "on_btf_tracepoint"}})
		if err := p.Attach(); err != nil {
			t.Fatal(err)
		}
		links := p.Links()
		if len(links) != 1 || links[0].Program != "on_tracepoint" {
			t.Fatalf("links are %+v", links)
		}
		for _, part := range []string{"not on_fentry: this kernel has no ", "not on_raw_tracepoint: this kernel has no tracepoint no_such"} {
			if !strings.Contains(links[0].Note, part) {
				t.Errorf("%q is not in the note %q", part, links[0].Note)
			}
		}
		r := read(t, p.Streams()[0])
		pid := startProcess(t)
		r.await(t, "record", func(rec []byte) bool { return int(binary.LittleEndian.Uint32(rec[12:])) == pid })
		for _, rec := range r.finish(t) {
			if hook := binary.LittleEndian.Uint32(rec[8:]); hook != 20 {
				t.Errorf("hook %d ran too", hook)
			}
		}
	})
	t.Run("none, at load", func(t *testing.T) {
		_, err := Load(t.Context(), Spec{Name: "broken", Object: open(t, "hooks"), Attach: attach[:1], FirstOf: []string{"on_fentry"}})
		wantError(t, err, "", "first_of", "this kernel takes none of the alternatives", "\n  on_fentry: this kernel has no ")
	})
	t.Run("none, at attach", func(t *testing.T) {
		p := load(t, Spec{Name: "broken", Object: open(t, "hooks"), Attach: attach, FirstOf: []string{"on_fentry", "on_raw_tracepoint"}})
		wantError(t, p.Attach(), "", "first_of", "\n  on_fentry: this", "\n  on_raw_tracepoint: this kernel has no tracepoint no_such")
		if len(p.Links()) != 0 {
			t.Errorf("links are left: %+v", p.Links())
		}
	})
	t.Run("an alternative in two places", func(t *testing.T) {
		p := load(t, Spec{Name: "p", Object: open(t, "hooks"), FirstOf: []string{"on_tracepoint", "on_raw_tracepoint"}, Attach: []Attach{
			{Program: "on_tracepoint", Target: "sched/sched_process_exec"}, {Program: "on_tracepoint", Target: "sched/no_such"},
			{Program: "on_raw_tracepoint", Target: "sched_process_exec"}, {Program: "on_raw_tracepoint", Target: "sched_process_exit"},
		}})
		if err := p.Attach(); err != nil {
			t.Fatal(err)
		}
		if links := p.Links(); len(links) != 2 || links[0].Program != "on_raw_tracepoint" || links[1].Program != "on_raw_tracepoint" {
			t.Errorf("links are %+v", links)
		}
	})
}

// TestTargets loads one program once for each kernel function that it attaches to.
func TestTargets(t *testing.T) {
	needRoot(t)
	p := load(t, Spec{Name: "p", Object: open(t, "hooks"), Attach: []Attach{
		{Program: "on_btf_tracepoint", Target: "sched_process_exec"}, {Program: "on_btf_tracepoint", Target: "sched_process_exit"},
	}})
	if err := p.Attach(); err != nil {
		t.Fatal(err)
	}
	if links := p.Links(); len(links) != 2 || links[0].Target != "sched_process_exec" || links[1].Target != "sched_process_exit" {
		t.Errorf("links are %+v", links)
	}
}

// TestTailCall runs a program that calls another through an array, which uses a map in a map; all are set up by the object.
func TestTailCall(t *testing.T) {
	needRoot(t)
	o := open(t, "tailcall")
	p := load(t, Spec{Name: "p", Object: o, Streams: streamsOf(t, o)})
	if err := p.Attach(); err != nil {
		t.Fatal(err)
	}
	r := read(t, p.Streams()[0])
	pid := connect(t)
	r.await(t, "record", func(rec []byte) bool {
		return int(binary.LittleEndian.Uint32(rec)) == pid && binary.LittleEndian.Uint32(rec[4:]) == 1
	})
}

// TestLifecycle misuses a probe in all orders.
func TestLifecycle(t *testing.T) {
	needRoot(t)
	spec := Spec{Name: "p", Object: open(t, "hooks"), Attach: []Attach{{Program: "on_raw_tracepoint", Target: "sched_process_exec"}}}
	t.Run("close twice", func(t *testing.T) {
		p := load(t, spec)
		for range 2 {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := p.Detach(); err != nil {
			t.Error(err)
		}
		if err := p.Attach(); err == nil {
			t.Error("a closed probe attaches")
		}
	})
	t.Run("attach twice", func(t *testing.T) {
		p := load(t, spec)
		if err := p.Attach(); err != nil {
			t.Fatal(err)
		}
		if err := p.Attach(); err == nil || len(p.Links()) != 0 {
			t.Errorf("error %v, links %+v", err, p.Links())
		}
	})
	t.Run("context has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Load(ctx, spec); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("no such stream", func(t *testing.T) {
		spec := spec
		spec.Name, spec.Streams = "broken", streamsOf(t, open(t, "tailcall"))
		_, err := Load(t.Context(), spec)
		wantError(t, err, "", "object", "object hooks has no such map")
	})
	t.Run("many at a time", func(t *testing.T) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				p, err := Load(t.Context(), spec)
				if err == nil {
					err = errors.Join(p.Attach(), p.Detach(), p.Close())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// TestRunStopsAtOnce ends reading while a program floods the ring.
func TestRunStopsAtOnce(t *testing.T) {
	o := open(t, "streams")
	e := newEmitter(t, "emit_items", Spec{Object: o, Streams: streamsOf(t, o, "items")})
	e.set("count", 20_000)
	flood, stopFlood := context.WithCancel(t.Context())
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for flood.Err() == nil {
			if _, err := e.loader.byName["emit_items"].Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	ctx, cancel := contextFor(t)
	done := make(chan error, 1)
	go func() {
		done <- e.Streams()[0].Run(ctx, func(b *batch.Batch) { b.Release() })
	}()
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the reader goes on")
	}
	stopFlood()
	flooding.Wait()
}

func TestDefaults(t *testing.T) {
	if DefaultLinger != batch.MaxAge {
		t.Error("records wait longer than a batch may")
	}
	if os.Getpagesize() > 4096 {
		t.Skip("sizes below are for pages of 4096 bytes")
	}
	for n, want := range map[uint32]uint32{0: 4096, 1: 4096, 4096: 4096, 4097: 8192, 5000: 8192, 1 << 20: 1 << 20, 1<<20 + 1: 1 << 21, 1<<30 - 1: 1 << 30, 1 << 30: 1 << 30} {
		if got := ringSize(n); got != want {
			t.Errorf("ringSize(%d) = %d, want %d", n, got, want)
		}
	}
}
