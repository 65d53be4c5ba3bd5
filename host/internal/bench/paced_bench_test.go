package bench

import (
	"fmt"
	"testing"
)

// BenchmarkPaced measures what an event costs the host, and how long it takes, when events come evenly: 100,000 a second, a hundred each
// millisecond. One operation is one event.
func BenchmarkPaced(b *testing.B) {
	const perSecond, warmUp = 100_000, 20_000
	r := newRig(b, "", wideQueue+fmt.Sprintf("config { warm_up = %d }", warmUp))
	r.pace(warmUp, perSecond)
	measure(b, r.producer, r.plugin, func(n int) { r.pace(n, perSecond) })
	seen := r.stop()
	if seen.Measured != uint64(b.N) {
		b.Errorf("the plugin has measured %d events of %d", seen.Measured, b.N)
	}
	b.ReportMetric(float64(seen.P50)/1e6, "p50-ms")
	b.ReportMetric(float64(seen.P99)/1e6, "p99-ms")
	b.ReportMetric(float64(seen.P999)/1e6, "p99.9-ms")
}
