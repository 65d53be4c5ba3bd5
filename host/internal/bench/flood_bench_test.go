package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/plug"
	"github.com/probehost/probehost/host/internal/route"
	"github.com/probehost/probehost/sdk/wire"
)

// BenchmarkFlood measures the whole way of a 48-byte record: made in the kernel in a tight loop, through ring, host and gRPC to a handler in
// another process that reads two fields. One operation is one event. The CPU time of kernel, host and plugin is told apart; the sum is what
// an event costs. Compare the ways within one run only.
//
//   - probehost: as built
//   - cilium-reader: the same, but the ring is read with cilium/ebpf's reader
//   - call-per-event: cilium/ebpf's reader and a unary gRPC call for each event
func BenchmarkFlood(b *testing.B) {
	needRoot(b)
	b.Run("probehost", func(b *testing.B) {
		r := newRig(b, "", wideQueue)
		r.flood(1_000_000) // until everything has its size
		measure(b, r.producer, r.plugin, r.flood)
		if seen := r.stop(); seen.Lost+seen.Dropped > 0 {
			b.Errorf("%d events were lost and %d dropped, so fewer were measured", seen.Lost, seen.Dropped)
		}
	})
	b.Run("cilium-reader", func(b *testing.B) {
		p, plugin := newCiliumRig(b)
		p.flood(1_000_000)
		measure(b, p, plugin, p.flood)
	})
	b.Run("call-per-event", func(b *testing.B) {
		p, plugin := newCallRig(b)
		p.flood(100)
		measure(b, p, plugin, p.flood)
	})
}

// measure runs b.N events and reports what they cost. The host is this process without the thread of this goroutine, which makes the events or
// waits for them; what the kernel uses to make them is told apart.
func measure(b *testing.B, p *producer, plugin int, run func(n int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	p.cpu = 0
	thread, err := threadTime()
	check(b, err)
	lost, own, theirs, start := p.losses(), ownTime(b), processTime(b, plugin), time.Now()
	run(b.N)
	elapsed := time.Since(start)
	until, err := threadTime()
	check(b, err)
	host, theirs := ownTime(b)-own-(until-thread), processTime(b, plugin)-theirs
	b.StopTimer()
	perEvent := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N) }
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "events/s")
	b.ReportMetric(perEvent(p.cpu), "kernel-ns/event")
	b.ReportMetric(perEvent(host), "host-ns/event")
	b.ReportMetric(perEvent(theirs), "plugin-ns/event")
	b.ReportMetric(perEvent(p.cpu+host+theirs), "sum-ns/event")
	b.ReportMetric(float64(p.losses()-lost)/float64(b.N), "lost/event")
}

// newCiliumRig is the way through probehost, but for the ring reader.
func newCiliumRig(tb testing.TB) (*producer, int) {
	tb.Helper()
	pl := newPlan(tb, "", wideQueue)
	ph := pl.Handlers[0]
	process, err := plug.Launch(tb.Context(), plug.Options{Name: floodPlugin, Path: ph.Path, RuntimeDir: tb.TempDir()})
	check(tb, err)
	_, err = process.Open(tb.Context(), ph.Open)
	check(tb, err)
	h := route.NewHandler(route.Options{Name: "bench", Queue: 64 << 20, Output: &output{}})
	done := make(chan error, 1)
	go func() {
		done <- h.Run(context.Background(), func(ctx context.Context) (route.Conn, error) { return process.Stream(ctx) })
	}()
	stream := route.NewStream(pl.Streams[0].ID, nil, []*route.Handler{h})
	p, reader := newReader(tb, func() uint64 { return h.Stats().Delivered })
	go readCilium(reader, stream)
	tb.Cleanup(func() {
		check(tb, reader.Close())
		h.Close()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		check(tb, process.Close(context.Background()))
	})
	return p, process.Pid()
}

// readCilium packs what cilium's reader reads.
func readCilium(reader *ringbuf.Reader, stream *route.Stream) {
	var rec ringbuf.Record
	b := batch.Get()
	reader.SetDeadline(time.Time{})
	for {
		err := reader.ReadInto(&rec)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			stream.Deliver(b)
			b = batch.Get()
			reader.SetDeadline(time.Time{})
			continue
		case err != nil:
			b.Release()
			return
		}
		if !b.Fits(len(rec.RawSample)) {
			stream.Deliver(b)
			b = batch.Get()
		}
		if b.Count == 0 {
			reader.SetDeadline(time.Now().Add(batch.MaxAge))
		}
		b.Append(rec.RawSample)
	}
}

// newReader opens the flood's ring with cilium's reader.
func newReader(tb testing.TB, delivered func() uint64) (*producer, *ringbuf.Reader) {
	tb.Helper()
	spec, err := loadFlood()
	check(tb, err)
	var maps floodMaps
	check(tb, spec.LoadAndAssign(&maps, nil))
	tb.Cleanup(func() { maps.Close() })
	reader, err := ringbuf.NewReader(maps.Floods)
	check(tb, err)
	return newProducer(tb, maps.Floods, maps.FloodsLost, delivered), reader
}

// newCallRig sends each event by a gRPC call of its own.
func newCallRig(tb testing.TB) (*producer, int) {
	tb.Helper()
	dir := tb.TempDir()
	self, err := os.Executable()
	check(tb, err)
	check(tb, os.Symlink(self, filepath.Join(dir, callServer)))
	socket := filepath.Join(dir, "socket")
	cmd := exec.Command(filepath.Join(dir, callServer), socket)
	cmd.Stderr = os.Stderr
	check(tb, cmd.Start())
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	check(tb, err)
	client := wire.NewPluginClient(conn)
	var answered atomic.Uint64
	p, reader := newReader(tb, answered.Load)
	go func() {
		var rec ringbuf.Record
		for reader.ReadInto(&rec) == nil {
			if _, err := client.Validate(context.Background(), &wire.OpenRequest{Config: rec.RawSample}); err != nil {
				return // the producer notices that nothing arrives
			}
			answered.Add(1)
		}
	}()
	tb.Cleanup(func() {
		check(tb, reader.Close())
		check(tb, conn.Close())
		check(tb, cmd.Process.Kill())
		_ = cmd.Wait() // says that it was killed
	})
	return p, cmd.Process.Pid
}
