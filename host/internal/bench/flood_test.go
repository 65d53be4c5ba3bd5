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
		r := newRig(t, "", wideQueue+fmt.Sprintf("config { warm_up = %d }", warmUp))
		r.flood(warmUp)
		before := mallocs()
		r.flood(n - warmUp)
		host := mallocs() - before
		seen := r.stop()
		if seen.Count != n || seen.Lost+seen.Dropped != 0 || seen.Disorder != 0 || seen.Sum != sum(warmUp)+sum(n-warmUp) {
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
	t.Run("more than there is room for", func(t *testing.T) {
		r := newRig(t, `size = "64KiB"`, `queue { size = "64KiB" }`)
		for range n / 100_000 { // each time many more than the ring holds
			r.make(100_000)
		}
		r.wait(0)
		lost := r.losses()
		seen := r.stop()
		s := r.pipeline.Summary()
		st, h := s.Streams[0], s.Handlers[0]
		if st.Read+st.Lost != n || st.Lost != lost || lost == 0 || st.LossUnknown {
			t.Errorf("stream: %+v, want %d in all, of which the kernel lost %d", st, n, lost)
		}
		if h.Offered != st.Read || h.Pending != 0 || h.Offered != h.Delivered+h.Dropped {
			t.Errorf("handler: %+v", h)
		}
		if seen.Count != h.Delivered || seen.Lost != lost || seen.Dropped != h.Dropped {
			t.Errorf("the plugin has seen %+v, want what the handler says: %+v", seen, h)
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
