package bench

import (
	"fmt"
	"runtime"
	"testing"
)

// TestFlood is a small flood: every event arrives whole and in its order, or is counted as lost where it is missing.
func TestFlood(t *testing.T) {
	const n = 2_000_000
	t.Run("paced by the handler", func(t *testing.T) {
		const warmUp = n / 2
		r := newRig(t, fmt.Sprintf("config { warm_up = %d }", warmUp))
		r.flood(warmUp)
		before := mallocs()
		r.flood(n - warmUp)
		host := mallocs() - before
		seen := r.stop()
		if seen.Count != n || seen.Lost != 0 || seen.Disorder != 0 || seen.Sum != sum(warmUp)+sum(n-warmUp) {
			t.Errorf("the plugin has seen %+v, want %d events and a sum of %d", seen, n, sum(warmUp)+sum(n-warmUp))
		}
		// What is allocated is for batches of thousands of events, and for the test's own waiting.
		const most = (n - warmUp) / 20
		if host > most || seen.Mallocs > most {
			t.Errorf("%d allocations in the host, %d in the plugin, for %d events", host, seen.Mallocs, n-warmUp)
		}
		s := r.pipeline.Summary()
		if st, h := s.Streams[0], s.Handlers[0]; st.Read != n || st.Lost > 0 || h.Delivered != n || h.Dropped > 0 {
			t.Errorf("stream %+v, handler %+v", st, h)
		}
	})
	t.Run("unpaced", func(t *testing.T) {
		r := newRig(t, "")
		for range n / 100_000 {
			r.make(100_000)
		}
		r.make(600_000) // more than the ring holds: some must be lost
		const made = n + 600_000
		r.wait(0)
		lost := r.losses()
		seen := r.stop()
		if lost == 0 || seen.Count+seen.Lost != made || seen.Lost != lost {
			t.Errorf("the plugin has seen %+v, want %d in all, of which the kernel lost %d", seen, made, lost)
		}
		s := r.pipeline.Summary()
		if st := s.Streams[0]; st.Read+st.Lost != made || st.Lost != lost || st.LossUnknown {
			t.Errorf("stream: %+v", st)
		}
		if h := s.Handlers[0]; h.Delivered != seen.Count || h.Pending != 0 || h.Offered != h.Delivered+h.Dropped {
			t.Errorf("handler: %+v", h)
		}
	})
}

func mallocs() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.Mallocs
}

// sum is that of the values of n events made in chunks.
func sum(n int) (sum uint64) {
	for i := range n {
		sum += uint64(i % chunk & 0xff)
	}
	return sum
}
