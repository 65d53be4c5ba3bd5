package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/schema"
)

var (
	cU32 = &btf.Int{Name: "__u32", Size: 4}
	cU64 = &btf.Int{Name: "__u64", Size: 8}
	// counts has two counters, a time and flags.
	counts = &btf.Struct{Name: "counts", Size: 32, Members: []btf.Member{
		{Name: "packets", Type: cU64},
		{Name: "bytes", Type: &btf.Typedef{Name: "byte_count", Type: cU64}, Offset: 64},
		{Name: "last", Type: &btf.Typedef{Name: "ktime_ns", Type: cU64}, Offset: 128},
		{Name: "flags", Type: &btf.Typedef{Name: "hex32", Type: cU32}, Offset: 192},
	}}
)

// newMap creates a map with keys of 4 bytes.
func newMap(t testing.TB, kind ebpf.MapType, valueSize, entries uint32) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: kind, KeySize: 4, ValueSize: valueSize, MaxEntries: entries})
	if errors.Is(err, os.ErrPermission) || errors.Is(err, ebpf.ErrNotSupported) {
		t.Skipf("creating a map of type %s needs CAP_BPF and a kernel that has it: %v", kind, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// newTestPoller polls m, whose values are of type value.
func newTestPoller(t testing.TB, m *ebpf.Map, value btf.Type, list bool, every time.Duration) (*poller, *object.Stream) {
	t.Helper()
	s := &object.Stream{Name: "rows", Source: object.Poll}
	var err error
	s.Row, s.Schema, err = schema.NewRow(schema.Part{Type: cU32, Size: m.KeySize()}, schema.Part{Type: value, Size: m.ValueSize()}, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPoller(m, StreamSpec{Stream: s, Every: every}, &tally{})
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

// table is what the batches of one tick hold: the named field by key, and by CPU when CPUs are listed.
func table(t testing.TB, s *object.Stream, batches []*batch.Batch, name string) map[string]uint64 {
	t.Helper()
	field, ok := s.Schema.Lookup(name)
	if !ok {
		t.Fatalf("no field %s", name)
	}
	key, _ := s.Schema.Lookup("key")
	cpu, listed := s.Schema.Lookup("cpu")
	rows := make(map[string]uint64)
	for _, b := range batches {
		for i := range b.Count {
			rec := b.Record(i)
			at := fmt.Sprint(key.Uint(rec))
			if listed {
				at += fmt.Sprintf("@%d", cpu.Uint(rec))
			}
			if _, twice := rows[at]; twice {
				t.Fatalf("row %s comes twice", at)
			}
			rows[at] = field.Uint(rec)
		}
	}
	return rows
}

// once takes one snapshot.
func once(t testing.TB, p *poller) []*batch.Batch {
	t.Helper()
	var batches []*batch.Batch
	p.sink = func(b *batch.Batch) { batches = append(batches, b) }
	if err := p.snapshot(); err != nil {
		t.Fatal(err)
	}
	for i, b := range batches {
		if last := i == len(batches)-1; b.Tick.Last != last || b.Tick.Number != p.tick {
			t.Errorf("batch %d of %d has tick %+v", i+1, len(batches), b.Tick)
		}
		t.Cleanup(b.Release)
	}
	return batches
}

func put(t testing.TB, m *ebpf.Map, key uint32, value any) {
	t.Helper()
	if err := m.Put(key, value); err != nil {
		t.Fatal(err)
	}
}

func TestEmptyMapMakesATick(t *testing.T) {
	p, _ := newTestPoller(t, newMap(t, ebpf.Hash, 8, 16), cU64, false, time.Second)
	before := time.Now()
	batches := once(t, p)
	if len(batches) != 1 || batches[0].Count != 0 || !batches[0].Tick.Last || batches[0].Tick.Time.Before(before) {
		t.Fatalf("got %+v", batches)
	}
}

func TestLargeSnapshotComesInSeveralBatches(t *testing.T) {
	const entries = 30_000
	m := newMap(t, ebpf.Hash, 8, entries)
	fill(t, m, entries)
	p, s := newTestPoller(t, m, cU64, false, time.Second)
	batches := once(t, p)
	if len(batches) < 3 {
		t.Errorf("%d batches", len(batches))
	}
	tick, _ := s.Schema.Lookup("tick")
	at, _ := s.Schema.Lookup("time")
	first := at.Uint(batches[0].Record(0))
	for _, b := range batches {
		if len(b.Records) > batch.MaxBytes || b.Gap.Unknown {
			t.Errorf("a batch of %d bytes, gap %+v", len(b.Records), b.Gap)
		}
		for i := range b.Count {
			if rec := b.Record(i); tick.Uint(rec) != 1 || at.Uint(rec) != first {
				t.Fatalf("tick %d at %d in the middle of tick 1 at %d", tick.Uint(rec), at.Uint(rec), first)
			}
		}
	}
	if wall := time.Unix(0, batches[0].Clock.Monotonic+int64(first)); time.Since(wall) > time.Minute || time.Until(wall) > 0 {
		t.Errorf("the rows' time is %s", wall)
	}
	got := table(t, s, batches, "value")
	for i := range uint64(entries) {
		if got[fmt.Sprint(i)] != i+1 {
			t.Fatalf("key %d has %d", i, got[fmt.Sprint(i)])
		}
	}
	if p.tally.read.Load() != entries {
		t.Errorf("%d rows counted", p.tally.read.Load())
	}
}

func TestRunTicksAndEndsWithALastSnapshot(t *testing.T) {
	m := newMap(t, ebpf.Hash, 8, 16)
	put(t, m, 1, uint64(1))
	p, s := newTestPoller(t, m, cU64, false, 20*time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var ticks []batch.Tick
	var last uint64
	err := p.run(ctx, func(b *batch.Batch) {
		defer b.Release()
		ticks = append(ticks, b.Tick)
		last = table(t, s, []*batch.Batch{b}, "value")["1"]
		if len(ticks) == 3 {
			put(t, m, 1, uint64(99)) // after this snapshot, before the end
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(ticks) != 4 || last != 99 {
		t.Fatalf("%d ticks, the last with %d", len(ticks), last)
	}
	for i, tick := range ticks {
		if tick.Number != uint64(i+1) || !tick.Last {
			t.Errorf("tick %d is %+v", i+1, tick)
		}
	}
	if took := ticks[2].Time.Sub(ticks[0].Time); took < 30*time.Millisecond || took > 5*time.Second {
		t.Errorf("two intervals of 20ms took %s", took)
	}
}

func TestPollerRefusesAnotherLayout(t *testing.T) {
	m := newMap(t, ebpf.Hash, 8, 16)
	_, err := newPoller(m, StreamSpec{Stream: &object.Stream{Row: schema.Row{KeySize: 4, ValueSize: 16}}}, &tally{})
	if err == nil {
		t.Error("no error")
	}
}
