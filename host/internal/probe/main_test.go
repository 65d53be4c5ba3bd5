package probe

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"go.uber.org/goleak"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(childEnv) != "":
		child()
		return
	case os.Getenv(killedEnv) != "":
		waitForKill()
		return
	case os.Getenv(tracefsEnv) != "":
		mountTracefs()
		return
	case os.Getenv(noBTFEnv) != "":
		loadWithoutBTF()
		return
	case os.Getenv(privilegesEnv) != "":
		printPrivileges()
		return
	}
	goleak.VerifyTestMain(m)
}

// needRoot skips a test that loads programs if this process cannot.
func needRoot(t testing.TB) {
	t.Helper()
	if err := CheckPrivileges(); err != nil {
		t.Skip("needs root: ", err)
	}
}

// open opens one of the objects in testdata.
func open(t testing.TB, name string) *object.Object {
	t.Helper()
	elf, err := testdata.ReadFile("testdata/" + name + ".bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	o, err := object.Open(name, elf)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// streamsOf returns the specification of each named stream of an object, all of its own if none is named.
func streamsOf(t testing.TB, o *object.Object, names ...string) []StreamSpec {
	t.Helper()
	if len(names) == 0 {
		names = o.Streams()
	}
	var specs []StreamSpec
	for _, name := range names {
		s, err := o.Stream(name, object.StreamOptions{})
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, StreamSpec{Stream: s, Every: 10 * time.Millisecond})
	}
	return specs
}

// load loads a probe and sees to it that nothing of it is left when the test ends.
func load(t testing.TB, spec Spec) *Probe {
	t.Helper()
	p, err := Load(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	left := leftovers(t, p)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error("close:", err)
		}
		left()
	})
	return p
}

// leftovers notes what a probe has in the kernel; the returned function fails the test if any of it is still there.
func leftovers(t testing.TB, p *Probe) func() {
	t.Helper()
	programs, maps := map[ebpf.ProgramID]string{}, map[ebpf.MapID]string{}
	for name, prog := range p.loader.programs {
		if info, err := prog.Info(); err == nil {
			id, _ := info.ID()
			programs[id] = name
		}
	}
	for name, m := range p.loader.maps {
		if info, err := m.Info(); err == nil {
			id, _ := info.ID()
			maps[id] = name
		}
	}
	return func() {
		t.Helper()
		awaitGone(t, programs, maps)
	}
}

// awaitGone fails the test if any of these stays. The kernel frees programs some time after they have lost their last user.
func awaitGone(t testing.TB, programs map[ebpf.ProgramID]string, maps map[ebpf.MapID]string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := stillThere(t, programs, maps)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left in the kernel: %v", left)
			return
		}
	}
}

func stillThere(t testing.TB, programs map[ebpf.ProgramID]string, maps map[ebpf.MapID]string) []string {
	t.Helper()
	var left []string
	for it := new(bpflink.Iterator); it.Next(); {
		if info, err := it.Link.Info(); err == nil && programs[info.Program] != "" {
			left = append(left, "link of "+programs[info.Program])
		}
	}
	// Asking for the next id opens nothing: a program array that is opened and closed while the kernel clears it is never freed.
	for id, name := range programs {
		if next, err := ebpf.ProgramGetNextID(id - 1); err == nil && next == id {
			left = append(left, "program "+name)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for id, name := range maps {
		if next, err := ebpf.MapGetNextID(id - 1); err == nil && next == id {
			left = append(left, "map "+name)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return left
}

// reading is a stream that is being read; the records are collected.
type reading struct {
	mu      sync.Mutex
	records [][]byte
	lost    uint64
	batches int
	stop    context.CancelFunc
	done    chan error
}

// read starts to read a stream; the test ends it at the latest.
func read(t testing.TB, s *Stream) *reading {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &reading{stop: cancel, done: make(chan error, 1)}
	go func() {
		r.done <- s.Run(ctx, func(b *batch.Batch) {
			defer b.Release()
			r.mu.Lock()
			defer r.mu.Unlock()
			for i := range b.Count {
				r.records = append(r.records, append([]byte(nil), b.Record(i)...))
			}
			r.lost += b.Gap.Lost
			r.batches++
		})
	}()
	t.Cleanup(func() { r.finish(t) })
	return r
}

// finish ends the reading and returns all records.
func (r *reading) finish(t testing.TB) [][]byte {
	t.Helper()
	r.stop()
	if r.done != nil {
		if err := <-r.done; err != nil {
			t.Error("run:", err)
		}
		r.done = nil
	}
	return r.records
}

// await waits until a record is found for which match is true.
func (r *reading) await(t testing.TB, what string, match func(rec []byte) bool) []byte {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		r.mu.Lock()
		records := r.records
		r.mu.Unlock()
		for _, rec := range records {
			if match(rec) {
				return rec
			}
		}
	}
	t.Fatalf("no %s among %d records", what, len(r.records))
	return nil
}
