package plug

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/wire"
	"golang.org/x/sys/unix"
)

// BenchmarkStream sends records of 48 bytes to a plugin process that reads two fields of each.
func BenchmarkStream(b *testing.B) {
	const size = 48
	for _, batch := range []int{64 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("batch=%dKiB", batch>>10), func(b *testing.B) {
			p, err := Launch(b.Context(), Options{Name: "reader", Path: pluginPath(b, "reader")})
			if err != nil {
				b.Fatal(err)
			}
			r, err := p.Open(b.Context(), &wire.OpenRequest{Streams: []*wire.Stream{{Size: size, Fields: []*wire.Field{
				{Name: "a", Kind: 3, Size: 8}, {Name: "b", Kind: 3, Size: 4, Offset: 8},
			}}}})
			if err != nil || len(r.Diagnostics) > 0 {
				b.Fatal(r, err)
			}
			s, err := p.Stream(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			type end struct {
				acked uint64
				err   error
			}
			ended := make(chan end)
			go func() {
				_, acked, err := receive(s)
				ended <- end{acked, err}
			}()
			count := batch / size
			w := &wire.Batch{Count: uint32(count), Stride: size, Records: make([]byte, count*size)}
			m := &wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: w}}
			own, other := cpu(b, unix.RUSAGE_SELF), cpu(b, unix.RUSAGE_CHILDREN)
			b.SetBytes(int64(len(w.Records)))
			b.ReportAllocs()
			for b.Loop() {
				w.Seq++
				if err := s.Send(m); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.CloseSend(); err != nil {
				b.Fatal(err)
			}
			if e := <-ended; e.acked != w.Seq || !errors.Is(e.err, io.EOF) {
				b.Fatalf("acknowledged %d of %d, %v", e.acked, w.Seq, e.err)
			}
			if err := p.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			events := float64(w.Seq) * float64(count)
			b.ReportMetric(events/b.Elapsed().Seconds()/1e6, "Mevents/s")
			b.ReportMetric(float64(cpu(b, unix.RUSAGE_SELF)-own)/events, "host-ns/event")
			b.ReportMetric(float64(cpu(b, unix.RUSAGE_CHILDREN)-other)/events, "plugin-ns/event")
		})
	}
}

// cpu returns the time that this process or its children have spent.
func cpu(b *testing.B, who int) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
