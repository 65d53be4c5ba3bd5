package probe

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
)

const (
	noWakeup    = 1 // BPF_RB_NO_WAKEUP
	forceWakeup = 2 // BPF_RB_FORCE_WAKEUP
)

// checkItems expects these items, in this order and whole.
func checkItems(t testing.TB, records [][]byte, want []uint64) {
	t.Helper()
	if len(records) != len(want) {
		t.Fatalf("got %d records, want %d", len(records), len(want))
	}
	for i, rec := range records {
		seq, check := binary.LittleEndian.Uint64(rec), binary.LittleEndian.Uint64(rec[8:])
		if len(rec) != 48 || seq != want[i] || check != ^seq {
			t.Fatalf("record %d of %d bytes is %d (%x), want %d", i, len(rec), seq, check, want[i])
		}
	}
}

func upTo(n uint64, keep func(uint64) bool) []uint64 {
	var all []uint64
	for i := range n {
		if keep == nil || keep(i) {
			all = append(all, i)
		}
	}
	return all
}

func TestRingStream(t *testing.T) {
	for name, tt := range map[string]struct {
		globals map[string]uint64
		linger  time.Duration
		runs    []uint64
		want    []uint64
	}{
		"one":              {runs: []uint64{1}, want: upTo(1, nil)},
		"many":             {runs: []uint64{3000}, want: upTo(3000, nil)},
		"again and again":  {runs: []uint64{1, 10, 100, 1000, 2000, 3000, 4000, 3000, 1}, want: upTo(13112, nil)},
		"no linger":        {linger: -1, runs: []uint64{1, 10, 1}, want: upTo(12, nil)},
		"long linger":      {linger: time.Second, runs: []uint64{1, 10, 1}, want: upTo(12, nil)},
		"discarded":        {globals: map[string]uint64{"discard_every": 3}, runs: []uint64{3000}, want: upTo(3000, func(i uint64) bool { return i%3 != 0 })},
		"all discarded":    {globals: map[string]uint64{"discard_every": 1}, runs: []uint64{3000, 3000, 3000}},
		"without wake-ups": {globals: map[string]uint64{"flags": noWakeup}, runs: []uint64{10, 10}, want: upTo(20, nil)},
		"forced wake-ups":  {globals: map[string]uint64{"flags": forceWakeup}, runs: []uint64{1000, 1000}, want: upTo(2000, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, "streams")
			streams := streamsOf(t, o, "items")
			streams[0].Linger = tt.linger
			e := newEmitter(t, "emit_items", Spec{Object: o, Streams: streams})
			for g, v := range tt.globals {
				e.set(g, v)
			}
			r := read(t, e.Streams()[0])
			for _, n := range tt.runs {
				e.run("emit_items", n)
				for deadline := time.Now().Add(5 * time.Second); e.fill("items") > 0 && time.Now().Before(deadline); {
					time.Sleep(time.Millisecond) // the reader keeps up: nothing is lost
				}
			}
			checkItems(t, r.finish(t), tt.want)
			if s := e.Streams()[0].Stats(); s != (Stats{Read: uint64(len(tt.want)), LostKnown: true}) || r.lost != 0 {
				t.Errorf("stats are %+v, gaps %d", s, r.lost)
			}
		})
	}
}

func TestRingStreamSizes(t *testing.T) {
	for _, size := range []uint64{8, 9, 15, 16, 1000, 4095} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			o := open(t, "streams")
			e := newEmitter(t, "emit_items", Spec{Object: o, Streams: streamsOf(t, o, "items")})
			e.set("size", size)
			r := read(t, e.Streams()[0])
			for range 20 {
				e.run("emit_items", 20)
				for e.fill("items") > 0 {
					time.Sleep(time.Millisecond)
				}
			}
			records := r.finish(t)
			if len(records) != 400 {
				t.Fatalf("got %d records", len(records))
			}
			for i, rec := range records {
				if len(rec) != int(size) || binary.LittleEndian.Uint64(rec) != uint64(i) {
					t.Fatalf("record %d has %d bytes: %x", i, len(rec), rec[:8])
				}
			}
		})
	}
}

// TestRingStreamLoss overflows a ring that nobody reads yet: what did not fit is in the gaps, and nothing else is missing.
func TestRingStreamLoss(t *testing.T) {
	o := open(t, "streams")
	streams := streamsOf(t, o, "items")
	streams[0].Size = 5000 // becomes 8192, of which 146 records of 56 bytes
	e := newEmitter(t, "emit_items", Spec{Object: o, Streams: streams})
	const emitted, fit = 1000, 8192 / 56
	e.run("emit_items", emitted)
	r := read(t, e.Streams()[0])
	r.await(t, "record", func([]byte) bool { return true })
	e.run("emit_items", 1)
	records := r.finish(t)
	checkItems(t, records, append(upTo(fit, nil), emitted))
	if s := e.Streams()[0].Stats(); s.Lost != emitted-fit || s.Read+s.Lost != emitted+1 || r.lost != s.Lost || !s.LostKnown {
		t.Errorf("stats are %+v, gaps %d, want %d lost", s, r.lost, emitted-fit)
	}
}

// TestRingStreamLossAtEnd loses records after the last one that is read.
func TestRingStreamLossAtEnd(t *testing.T) {
	o := open(t, "streams")
	streams := streamsOf(t, o, "items")
	streams[0].Size = 4096
	e := newEmitter(t, "emit_items", Spec{Object: o, Streams: streams})
	e.run("emit_items", 500)
	if err := e.Detach(); err != nil {
		t.Fatal(err)
	}
	r := read(t, e.Streams()[0])
	r.stop() // before it has read anything
	if n := uint64(len(r.finish(t))); n != 4096/56 || r.lost != 500-n {
		t.Errorf("%d records, %d lost", n, r.lost)
	}
}

func TestForeignRing(t *testing.T) {
	o := open(t, "streams")
	e := newEmitter(t, "emit_foreigns", Spec{Object: o, Streams: streamsOf(t, o, "foreign")})
	var unknown bool
	ctx, cancel := contextFor(t)
	done := make(chan error, 1)
	var n int
	go func() {
		done <- e.Streams()[0].Run(ctx, func(b *batch.Batch) {
			unknown = b.Gap.Unknown
			n += b.Count
			b.Release()
		})
	}()
	e.run("emit_foreigns", 100)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s := e.Streams()[0].Stats(); n != 100 || !unknown || s != (Stats{Read: 100}) {
		t.Errorf("%d records, loss unknown %v, stats %+v", n, unknown, s)
	}
}

// TestOff has the verifier remove what feeds a stream that nobody reads.
func TestOff(t *testing.T) {
	o := open(t, "streams")
	for name, tt := range map[string]struct {
		off  []string
		want uint32
	}{"on": {nil, 0}, "off": {[]string{"items"}, 1}, "no such switch": {[]string{"foreign"}, 0}} {
		t.Run(name, func(t *testing.T) {
			e := newEmitter(t, "emit_items", Spec{Object: o, Off: tt.off})
			ret, err := e.loader.byName["emit_items"].Run(&ebpf.RunOptions{Data: make([]byte, 64)})
			if err != nil || ret != tt.want {
				t.Errorf("the program returns %d, %v; want %d", ret, err, tt.want)
			}
		})
	}
	if v := o.Spec.Variables["items_on"].Value; v[0] != 1 {
		t.Error("the object itself was changed")
	}
}

func TestStreamMetadata(t *testing.T) {
	o := open(t, "streams")
	e := newEmitter(t, "emit_items", Spec{Object: o, Streams: streamsOf(t, o)})
	if e.Name() != "streams" || len(e.Streams()) != 3 {
		t.Fatalf("probe %s has %d streams", e.Name(), len(e.Streams()))
	}
	s := e.Streams()[1]
	if s.Probe() != "streams" || s.Name() != "items" || s.Source() != object.Ring || s.Schema().Size != 48 {
		t.Errorf("stream is %s.%s, %s, %d bytes", s.Probe(), s.Name(), s.Source(), s.Schema().Size)
	}
}
