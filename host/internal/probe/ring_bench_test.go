package probe

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/host/internal/batch"
)

// BenchmarkDrain takes records of 48 bytes out of a full ring: ns per record, beside the reader of cilium/ebpf on the same ring.
func BenchmarkDrain(b *testing.B) {
	const chunk = 250_000 // 14 MB
	full := func(b *testing.B) *emitter {
		o := open(b, "streams")
		streams := streamsOf(b, o, "items")
		streams[0].Size = 16 << 20
		return newEmitter(b, "emit_items", Spec{Object: o, Streams: streams})
	}
	// measure times drain, which takes n records out of the ring.
	measure := func(b *testing.B, e *emitter, drain func(n int)) {
		b.ReportAllocs()
		b.ResetTimer()
		for left := b.N; left > 0; left -= chunk {
			b.StopTimer()
			n := min(left, chunk)
			e.run("emit_items", uint64(n))
			b.StartTimer()
			drain(n)
		}
	}
	b.Run("mapped", func(b *testing.B) {
		e := full(b)
		ring := e.streams[0].reader.(*ringReader).ring
		got := 0
		c := &collector{tally: &tally{}, sink: func(b *batch.Batch) { got += b.Count; b.Release() }}
		measure(b, e, func(n int) {
			got = 0
			for moved := true; moved; {
				var err error
				if moved, err = ring.drain(c); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.flush(); err != nil || got != n {
				b.Fatal(err, got, n)
			}
		})
	})
	for name, into := range map[string]bool{"cilium ReadInto": true, "cilium Read": false} {
		b.Run(name, func(b *testing.B) {
			e := full(b)
			r, err := ringbuf.NewReader(e.loader.maps["items"])
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			var rec ringbuf.Record
			measure(b, e, func(n int) {
				for range n {
					if into {
						err = r.ReadInto(&rec)
					} else {
						rec, err = r.Read()
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkFlood reads while a program on another CPU emits as fast as it can: ns of the reader's CPU per record, and what was lost.
func BenchmarkFlood(b *testing.B) {
	o := open(b, "streams")
	streams := streamsOf(b, o, "items")
	streams[0].Size = 16 << 20
	e := newEmitter(b, "emit_items", Spec{Object: o, Streams: streams})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan time.Duration)
	go func() {
		runtime.LockOSThread()
		start := threadCPU()
		if err := e.Streams()[0].Run(ctx, func(b *batch.Batch) { b.Release() }); err != nil {
			b.Error(err)
		}
		done <- threadCPU() - start
	}()
	b.ReportAllocs()
	b.ResetTimer()
	const burst = 1 << 14 // half a millisecond: longer loops in the kernel hold the CPU against a reader that wakes on it
	for left := b.N; left > 0; left -= burst {
		e.run("emit_items", uint64(min(left, burst)))
	}
	b.StopTimer()
	cancel()
	used := <-done
	s := e.Streams()[0].Stats()
	if s.Read+s.Lost != uint64(b.N) {
		b.Errorf("%d emitted, %+v", b.N, s)
	}
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "reader-ns/op")
	b.ReportMetric(float64(s.Lost)/float64(b.N), "lost/op")
}

// BenchmarkPaced emits at a steady rate: ns of the reader's CPU per record, and how many of them a batch has.
func BenchmarkPaced(b *testing.B) {
	for name, perMillisecond := range map[string]uint64{"10k per s": 10, "100k per s": 100} {
		for lingerName, linger := range map[string]time.Duration{"none": -1, "1ms": time.Millisecond, "5ms": 5 * time.Millisecond} {
			b.Run(name+", linger "+lingerName, func(b *testing.B) {
				o := open(b, "streams")
				streams := streamsOf(b, o, "items")
				streams[0].Linger = linger
				e := newEmitter(b, "emit_items", Spec{Object: o, Streams: streams})
				e.set("count", perMillisecond)
				ctx, cancel := context.WithCancel(b.Context())
				done := make(chan time.Duration)
				var batches atomic.Int64
				go func() {
					runtime.LockOSThread()
					start := threadCPU()
					if err := e.Streams()[0].Run(ctx, func(b *batch.Batch) { batches.Add(1); b.Release() }); err != nil {
						b.Error(err)
					}
					done <- threadCPU() - start
				}()
				b.ReportAllocs()
				b.ResetTimer()
				var sent uint64
				for start := time.Now(); sent < uint64(b.N); sent += perMillisecond {
					e.run("emit_items", perMillisecond)
					time.Sleep(time.Until(start.Add(time.Duration(sent/perMillisecond+1) * time.Millisecond)))
				}
				b.StopTimer()
				cancel()
				used := <-done
				s := e.Streams()[0].Stats()
				if s.Read+s.Lost != sent {
					b.Errorf("%d emitted, %+v", sent, s)
				}
				b.ReportMetric(float64(s.Lost)/float64(sent), "lost/op") // a machine that stood still for a while catches up in a burst
				b.ReportMetric(float64(used.Nanoseconds())/float64(sent), "reader-ns/op")
				b.ReportMetric(float64(sent)/float64(batches.Load()), "records/batch")
			})
		}
	}
}

func threadCPU() time.Duration {
	return time.Duration(nanos(unix.CLOCK_THREAD_CPUTIME_ID))
}
