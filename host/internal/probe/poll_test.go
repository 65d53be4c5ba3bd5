package probe

import (
	"context"
	"encoding/binary"
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
	// counts is struct { u64 packets, bytes; ktime_ns last; u32 flags; }
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

func TestSnapshotOfEachMapType(t *testing.T) {
	for _, tc := range []struct {
		kind   ebpf.MapType
		perCPU bool
		want   map[string]uint64
	}{
		{ebpf.Hash, false, map[string]uint64{"1": 10, "2": 0, "7": 70}},
		{ebpf.LRUHash, false, map[string]uint64{"1": 10, "2": 0, "7": 70}},
		{ebpf.Array, false, map[string]uint64{"1": 10, "7": 70}}, // zero means not used
		{ebpf.PerCPUHash, true, map[string]uint64{"1": 10, "2": 0, "7": 70}},
		{ebpf.LRUCPUHash, true, map[string]uint64{"1": 10, "2": 0, "7": 70}},
		{ebpf.PerCPUArray, true, map[string]uint64{"1": 10, "7": 70}},
	} {
		for _, single := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, one at a time %t", tc.kind, single), func(t *testing.T) {
				m := newMap(t, tc.kind, 8, 64)
				cpus := ebpf.MustPossibleCPU()
				for key, value := range map[uint32]uint64{1: 10, 2: 0, 7: 70} {
					if tc.perCPU { // the last CPU has it all but one, which the first has
						values := make([]uint64, cpus)
						if value > 0 {
							values[0]++
							values[cpus-1] += value - 1
						}
						put(t, m, key, values)
					} else {
						put(t, m, key, value)
					}
				}
				p, s := newTestPoller(t, m, cU64, false, time.Second)
				p.reader.single = single
				for range 2 { // the second uses all memory again
					got := table(t, s, once(t, p), "value")
					if fmt.Sprint(got) != fmt.Sprint(tc.want) {
						t.Errorf("got %v, want %v", got, tc.want)
					}
				}
				if p.reader.single != single {
					t.Error("the kernel reads maps of this type one by one only")
				}
			})
		}
	}
}

func TestPerCPUValues(t *testing.T) {
	cpus := ebpf.MustPossibleCPU()
	if cpus < 2 {
		t.Skip("needs two CPUs")
	}
	m := newMap(t, ebpf.PerCPUHash, 32, 16)
	values := make([][]byte, cpus)
	for i := range values {
		v := make([]byte, 32)
		binary.LittleEndian.PutUint64(v[0:], uint64(i+1))
		binary.LittleEndian.PutUint64(v[8:], 1<<40)
		binary.LittleEndian.PutUint64(v[16:], uint64(1000-i))
		if i > 0 {
			binary.LittleEndian.PutUint32(v[24:], uint32(i))
		}
		values[i] = v
	}
	put(t, m, 5, values)
	sumTo := uint64(cpus * (cpus + 1) / 2)

	t.Run("summed", func(t *testing.T) {
		p, s := newTestPoller(t, m, counts, false, time.Second)
		batches := once(t, p)
		for field, want := range map[string]uint64{"packets": sumTo, "bytes": uint64(cpus) << 40, "last": 1000, "flags": 1} {
			if got := table(t, s, batches, field)["5"]; got != want {
				t.Errorf("%s is %d, want %d", field, got, want)
			}
		}
	})
	t.Run("listed", func(t *testing.T) {
		p, s := newTestPoller(t, m, counts, true, time.Second)
		got := table(t, s, once(t, p), "packets")
		for i := range cpus {
			if n := got[fmt.Sprintf("5@%d", i)]; n != uint64(i+1) {
				t.Errorf("CPU %d has %d", i, n)
			}
		}
		if len(got) != cpus {
			t.Errorf("%d rows, want %d", len(got), cpus)
		}
	})
}

// Values whose size is no multiple of 8 lie apart in what the kernel returns, and rows do not.
func TestPerCPUValuesOfOddSize(t *testing.T) {
	m := newMap(t, ebpf.PerCPUArray, 4, 8)
	cpus := ebpf.MustPossibleCPU()
	values := make([]uint32, cpus)
	for i := range values {
		values[i] = 3
	}
	put(t, m, 6, values)
	p, s := newTestPoller(t, m, cU32, false, time.Second)
	if got := table(t, s, once(t, p), "value"); len(got) != 1 || got["6"] != uint64(3*cpus) {
		t.Errorf("got %v, want 6: %d", got, 3*cpus)
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

func fill(t testing.TB, m *ebpf.Map, n int) {
	t.Helper()
	keys, values := make([]uint32, n), make([]uint64, n)
	for i := range keys {
		keys[i], values[i] = uint32(i), uint64(i+1)
	}
	if _, err := m.BatchUpdate(keys, values, nil); err != nil {
		t.Fatal(err)
	}
}

// A hash of which all keys come and go while it is read: keys that stay must be there, and none twice.
func TestRestlessHash(t *testing.T) {
	for _, single := range []bool{false, true} {
		t.Run(fmt.Sprintf("one at a time %t", single), func(t *testing.T) {
			const stay, restless = 500, 500
			m := newMap(t, ebpf.Hash, 8, 4*(stay+restless))
			fill(t, m, stay)
			p, s := newTestPoller(t, m, cU64, false, time.Second)
			p.reader.single = single

			stop, stopped := make(chan struct{}), make(chan error, 1)
			go func() {
				for n := uint32(0); ; n++ {
					key := stay + n%restless
					err := m.Put(key, uint64(key+1))
					if err == nil {
						err = m.Delete(stay + (n+restless/2)%restless)
					}
					if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
						stopped <- err
						return
					}
					select {
					case <-stop:
						stopped <- nil
						return
					default:
					}
				}
			}()
			complete := 0
			for range 50 {
				batches := once(t, p)
				got := table(t, s, batches, "value")
				if batches[len(batches)-1].Gap.Unknown {
					continue
				}
				complete++
				for i := range stay {
					if got[fmt.Sprint(i)] != uint64(i+1) {
						t.Fatalf("key %d has %d", i, got[fmt.Sprint(i)])
					}
				}
			}
			close(stop)
			if err := <-stopped; err != nil {
				t.Fatal(err)
			}
			if t.Logf("%d of 50 snapshots complete", complete); !single && complete != 50 {
				t.Errorf("reading by bucket, %d of 50 snapshots are complete", complete)
			}
		})
	}
}

// Keys that share a bucket come all at once or not at all: the reader has to make room.
func TestBucketLargerThanTheRoom(t *testing.T) {
	m := newMap(t, ebpf.Hash, 8, 4096)
	fill(t, m, 4096)
	p, s := newTestPoller(t, m, cU64, false, time.Second)
	p.reader.grow(1)
	if got := table(t, s, once(t, p), "value"); len(got) != 4096 {
		t.Errorf("%d rows", len(got))
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

func TestReadingAClosedMapFails(t *testing.T) {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 16})
	if err != nil {
		t.Skipf("creating a map needs CAP_BPF: %v", err)
	}
	p, _ := newTestPoller(t, m, cU64, false, time.Second)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	p.sink = func(b *batch.Batch) { t.Error("a batch"); b.Release() }
	if err := p.snapshot(); err == nil {
		t.Error("no error")
	}
}
