package probe

import (
	"fmt"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
)

// fillPerCPU gives each key a value on every CPU.
func fillPerCPU(t testing.TB, m *ebpf.Map, n int) {
	t.Helper()
	cpus := ebpf.MustPossibleCPU()
	keys, values := make([]uint32, n), make([]uint64, n*cpus)
	for i := range keys {
		keys[i] = uint32(i)
	}
	for i := range values {
		values[i] = 1
	}
	if _, err := m.BatchUpdate(keys, values, nil); err != nil {
		t.Fatal(err)
	}
}

func newFullMap(t testing.TB, kind ebpf.MapType, n int) *ebpf.Map {
	t.Helper()
	m := newMap(t, kind, 8, uint32(n))
	if object.PerCPU(kind) {
		fillPerCPU(t, m, n)
	} else {
		fill(t, m, n)
	}
	return m
}

func TestSnapshotsAllocateNothingPerRow(t *testing.T) {
	const rows = 20_000
	for _, kind := range []ebpf.MapType{ebpf.Hash, ebpf.PerCPUHash, ebpf.Array} {
		for _, single := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, one at a time %t", kind, single), func(t *testing.T) {
				p, _ := newTestPoller(t, newFullMap(t, kind, rows), cU64, false, time.Second)
				p.reader.single = single
				p.sink = (*batch.Batch).Release
				snapshot := func() {
					if err := p.snapshot(); err != nil {
						t.Fatal(err)
					}
				}
				// What the garbage collector takes from the pool of batches is made again.
				if allocs := testing.AllocsPerRun(10, snapshot); allocs > 100 {
					t.Errorf("%.0f allocations for a snapshot of %d rows", allocs, rows)
				}
				if read := p.tally.read.Load(); read != 11*rows {
					t.Errorf("%d rows read in 11 snapshots", read)
				}
			})
		}
	}
}

// BenchmarkSnapshot takes snapshots of maps of a million entries.
func BenchmarkSnapshot(b *testing.B) {
	const rows = 1_000_000
	for _, kind := range []ebpf.MapType{ebpf.Hash, ebpf.LRUHash, ebpf.PerCPUHash, ebpf.Array, ebpf.PerCPUArray} {
		b.Run(kind.String(), func(b *testing.B) {
			p, _ := newTestPoller(b, newFullMap(b, kind, rows), cU64, false, time.Second)
			p.sink = (*batch.Batch).Release
			b.ReportAllocs()
			for b.Loop() {
				if err := p.snapshot(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(p.tally.read.Load()), "ns/row")
		})
	}
}
