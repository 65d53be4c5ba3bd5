package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/batch"
)

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
