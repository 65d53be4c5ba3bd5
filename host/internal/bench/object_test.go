package bench

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
)

func loadObject(t testing.TB) *floodObjects {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loading BPF programs needs root")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Fatal(err)
	}
	spec, err := loadFlood()
	if err != nil {
		t.Fatal(err)
	}
	// The benchmarks find the maps that the host has loaded by name: these are not to be taken for them.
	spec.Maps["floods"].Name, spec.Maps["floods_lost"].Name = "tested", "tested_lost"
	objects := new(floodObjects)
	if err := spec.LoadAndAssign(objects, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := objects.Close(); err != nil {
			t.Error(err)
		}
	})
	return objects
}

// runLoop runs a program of the flood over count records, the first of which has the number first.
func runLoop(t testing.TB, program *ebpf.Program, first uint64, count uint32) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := program.Run(&ebpf.RunOptions{Context: floodRun{First: first, Count: count}}); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// Every record is in the ring, or counted as lost.
func TestObject(t *testing.T) {
	objects := loadObject(t)
	reader, err := ringbuf.NewReader(objects.Floods)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	const capacity = 16 << 20 / (48 + 8)
	for _, tt := range []struct {
		name  string
		first uint64
		count uint32
		lost  uint64
	}{
		{"none", 0, 0, 0},
		{"one", 5, 1, 0},
		{"as many as fit", 1 << 40, capacity - 1, 0},
		{"more than fit", 7, capacity + 1000, 1001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := lostOf(t, objects)
			runLoop(t, objects.EmitFloods, tt.first, tt.count)
			reader.SetDeadline(time.Now().Add(-time.Second))
			seq := tt.first
			var record ringbuf.Record
			for reader.ReadInto(&record) == nil {
				var flood floodFlood
				if err := binary.Read(bytes.NewReader(record.RawSample), binary.NativeEndian, &flood); err != nil {
					t.Fatal(err)
				}
				if len(record.RawSample) != 48 || flood.Seq != seq || flood.Check != ^seq || flood.Time == 0 {
					t.Fatalf("record %d of %d bytes: %+v", seq, len(record.RawSample), flood)
				}
				seq++
			}
			gone := lostOf(t, objects) - before
			if seq-tt.first+gone != uint64(tt.count) {
				t.Errorf("%d read and %d lost of %d", seq-tt.first, gone, tt.count)
			}
			if gone > tt.lost+1 || (tt.lost > 0) != (gone > 0) {
				t.Errorf("%d lost, want about %d", gone, tt.lost)
			}
		})
	}
	before := lostOf(t, objects)
	runLoop(t, objects.FillOnly, 0, 1_000_000)
	reader.SetDeadline(time.Now().Add(-time.Second))
	if _, err := reader.Read(); err == nil || lostOf(t, objects) != before {
		t.Error("the loop alone emits records")
	}
}

func lostOf(t testing.TB, objects *floodObjects) (total uint64) {
	t.Helper()
	var cpus []uint64
	if err := objects.FloodsLost.Lookup(uint32(0), &cpus); err != nil {
		t.Fatal(err)
	}
	for _, cpu := range cpus {
		total += cpu
	}
	return total
}
