package probe

import (
	"encoding/binary"
	"testing"
	"time"
)

func TestPerfStream(t *testing.T) {
	o := open(t, "streams")
	e := newEmitter(t, "emit_samples", Spec{Object: o, Streams: streamsOf(t, o, "samples")})
	r := read(t, e.Streams()[0])
	seen := map[uint64]bool{}
	for range 5 {
		e.run("emit_samples", 500)
		time.Sleep(2 * perfEvery)
	}
	for _, rec := range r.finish(t) {
		seq := binary.LittleEndian.Uint64(rec)
		if len(rec) != 48 || binary.LittleEndian.Uint64(rec[8:]) != ^seq || seen[seq] {
			t.Fatalf("record of %d bytes, seq %d", len(rec), seq)
		}
		seen[seq] = true
	}
	if s := e.Streams()[0].Stats(); len(seen) != 2500 || s != (Stats{Read: 2500, LostKnown: true}) {
		t.Errorf("%d records, stats %+v", len(seen), s)
	}
}

func TestPerfStreamLoss(t *testing.T) {
	for name, withCounter := range map[string]bool{"counted by the object": true, "counted by the kernel": false} {
		t.Run(name, func(t *testing.T) {
			o := open(t, "streams")
			streams := streamsOf(t, o, "samples")
			streams[0].Size = 4096
			e := newEmitter(t, "emit_samples", Spec{Object: o, Streams: streams})
			if !withCounter {
				e.streams[0].reader.(*perfReader).lost = nil
			}
			pinToCPU(t) // each CPU has its buffer
			e.run("emit_samples", 1000)
			r := read(t, e.Streams()[0])
			r.await(t, "record", func([]byte) bool { return true })
			records := r.finish(t) // nothing is emitted after what was lost
			n := uint64(len(records))
			for i, rec := range records {
				if len(rec) != 48 || binary.LittleEndian.Uint64(rec) != uint64(i) {
					t.Errorf("record %d is % x", i, rec)
				}
			}
			if s := e.Streams()[0].Stats(); n == 0 || n > 100 || s.Read != n || s.Lost != 1000-n || r.lost != s.Lost || !s.LostKnown {
				t.Errorf("%d records, gaps %d, stats %+v", n, r.lost, s)
			}
		})
	}
}
