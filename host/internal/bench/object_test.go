package bench

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/cilium/ebpf/ringbuf"
)

// Every record of the object is in the ring as it should be, or counted as lost.
func TestObject(t *testing.T) {
	needRoot(t)
	p, reader := newReader(t, func() uint64 { return 0 })
	defer reader.Close()
	const capacity = 16 << 20 / (48 + 8)
	for _, tt := range []struct {
		name  string
		first uint64
		count int
		lost  uint64
	}{
		{"none", 0, 0, 0},
		{"one", 5, 1, 0},
		{"as many as fit", 1 << 40, capacity - 1, 0},
		{"more than fit", 7, capacity + 1000, 1001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := p.losses()
			p.run.First = tt.first
			p.make(tt.count)
			seq := tt.first
			var record ringbuf.Record
			reader.SetDeadline(time.Now().Add(-time.Second)) // only what is there
			for reader.ReadInto(&record) == nil {
				var flood floodFlood
				check(t, binary.Read(bytes.NewReader(record.RawSample), binary.NativeEndian, &flood))
				if len(record.RawSample) != 48 || flood.Seq != seq || flood.Check != ^seq || flood.Time == 0 {
					t.Fatalf("record %d of %d bytes: %+v", seq, len(record.RawSample), flood)
				}
				seq++
			}
			gone := p.losses() - before
			if seq-tt.first+gone != uint64(tt.count) {
				t.Errorf("%d read and %d lost of %d", seq-tt.first, gone, tt.count)
			}
			if gone > tt.lost+1 || (tt.lost > 0) != (gone > 0) {
				t.Errorf("%d lost, want about %d", gone, tt.lost)
			}
		})
	}
}
