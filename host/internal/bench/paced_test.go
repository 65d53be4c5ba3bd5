package bench

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkPaced measures what an event costs the host, and how long it takes, when events come evenly: 100,000 a second, a hundred each
// millisecond. One operation is one event.
func BenchmarkPaced(b *testing.B) {
	b.Run("100000", func(b *testing.B) {
		var seen report
		r := newRig(b, "config { latency = true }")
		r.pace(10_000, 100_000)
		measure(b, r.producer, r.plugin, func(n int) { r.pace(n, 100_000) })
		seen = r.stop()
		b.ReportMetric(float64(seen.P50)/1e6, "p50-ms")
		b.ReportMetric(float64(seen.P99)/1e6, "p99-ms")
		b.ReportMetric(float64(seen.P999)/1e6, "p99.9-ms")
	})
}

// pace makes n events, so many a second, and waits until all are delivered.
func (p *producer) pace(n, perSecond int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	each := max(1, perSecond/1000)
	start := time.Now()
	for i := 0; i < n; i += each {
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		p.make(min(each, n-i))
	}
	p.wait(0)
}

// TestFlood is a small flood: every event arrives whole and in its order, or is counted as lost where it is missing.
func TestFlood(t *testing.T) {
	const n = 2_000_000
	t.Run("paced by the handler", func(t *testing.T) {
		r := newRig(t, "")
		r.flood(n)
		seen := r.stop()
		if seen.Count != n || seen.Lost != 0 || seen.Disorder != 0 || seen.Sum != sum(n) {
			t.Errorf("the plugin has seen %+v, want %d events and a sum of %d", seen, n, sum(n))
		}
	})
	t.Run("unpaced", func(t *testing.T) {
		r := newRig(t, "")
		for range n / 100_000 {
			r.make(100_000)
		}
		r.wait(0)
		lost := r.losses()
		seen := r.stop()
		if seen.Count+seen.Lost != n || seen.Lost != lost {
			t.Errorf("the plugin has seen %+v, want %d in all, of which the kernel lost %d", seen, n, lost)
		}
		s := r.pipeline.Summary()
		if st := s.Streams[0]; st.Read+st.Lost != n || st.Lost != lost || st.LossUnknown {
			t.Errorf("stream: %+v", st)
		}
		if h := s.Handlers[0]; h.Delivered != seen.Count || h.Pending != 0 || h.Offered != h.Delivered+h.Dropped {
			t.Errorf("handler: %+v", h)
		}
	})
}

// sum is that of the values of n events made in chunks.
func sum(n int) (sum uint64) {
	for i := range n {
		sum += uint64(i % chunk & 0xff)
	}
	return sum
}
