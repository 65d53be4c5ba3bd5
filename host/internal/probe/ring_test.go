package probe

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/probehost/probehost/host/internal/batch"
)

func TestRing(t *testing.T) {
	const size = 256
	// A step puts records into the ring or drains it.
	type step func(t *testing.T, f *fakeRing, c *collected)
	put := func(flags uint32, payload string) step {
		return func(_ *testing.T, f *fakeRing, _ *collected) { f.put(flags, []byte(payload)) }
	}
	drain := func(moved bool) step {
		return func(t *testing.T, f *fakeRing, c *collected) {
			t.Helper()
			got, err := f.drain(&c.collector)
			if err != nil || got != moved {
				t.Fatalf("drain: %v, %v; want %v", got, err, moved)
			}
		}
	}
	for name, tt := range map[string]struct {
		start uint64
		steps []step
		want  []string
		left  uint64 // bytes not consumed
	}{
		"empty":                      {steps: []step{drain(false)}},
		"one record":                 {steps: []step{put(0, "one"), drain(true), drain(false)}, want: []string{"one"}},
		"a record without bytes":     {steps: []step{put(0, ""), put(0, "x"), drain(true)}, want: []string{"", "x"}},
		"lengths around the pad":     {steps: []step{put(0, "1234567"), put(0, "12345678"), put(0, "123456789"), drain(true)}, want: []string{"1234567", "12345678", "123456789"}},
		"discarded":                  {steps: []step{put(ringDiscard, "gone"), put(0, "kept"), put(ringDiscard, "gone"), drain(true), drain(false)}, want: []string{"kept"}},
		"only discarded":             {steps: []step{put(ringDiscard, "gone"), drain(true), drain(false)}},
		"busy at the front":          {steps: []step{put(ringBusy, "later"), put(0, "done"), drain(false)}, left: 32},
		"busy behind one":            {steps: []step{put(0, "done"), put(ringBusy, "later"), put(0, "done"), drain(true), drain(false)}, want: []string{"done"}, left: 32},
		"busy and discarded at once": {steps: []step{put(ringBusy|ringDiscard, "later"), drain(false)}, left: 16},
		"wraps around":               {start: size - 16, steps: []step{put(0, "over the end of the ring"), drain(true)}, want: []string{"over the end of the ring"}},
		"a header at the very end":   {start: size - 8, steps: []step{put(0, "behind"), drain(true)}, want: []string{"behind"}},
		"positions beyond 32 bits":   {start: 1<<32 - 8, steps: []step{put(0, "high"), put(0, "er"), drain(true)}, want: []string{"high", "er"}},
		"positions that overflow":    {start: 1<<64 - 16, steps: []step{put(0, "last"), put(0, "first"), drain(true), drain(false)}, want: []string{"last", "first"}},
		"full to the brim":           {steps: []step{put(0, strings.Repeat("x", size-8)), drain(true)}, want: []string{strings.Repeat("x", size-8)}},
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFakeRing(size, tt.start), newCollected()
			for _, s := range tt.steps {
				s(t, f, c)
			}
			got := c.all(t)
			if len(got) != len(tt.want) {
				t.Fatalf("got %d records %q, want %q", len(got), got, tt.want)
			}
			for i := range got {
				if string(got[i]) != tt.want[i] {
					t.Errorf("record %d is %q, want %q", i, got[i], tt.want[i])
				}
			}
			if left := f.produced - f.consumed; left != tt.left || f.fill() != tt.left {
				t.Errorf("%d bytes are left, fill %d, want %d", left, f.fill(), tt.left)
			}
		})
	}
}

func TestRingFinishesBusyRecord(t *testing.T) {
	f, c := newFakeRing(256, 0), newCollected()
	f.put(0, []byte("a"))
	pos := f.put(ringBusy, []byte("b"))
	f.put(0, []byte("c"))
	for _, want := range []struct {
		moved bool
		count int
	}{{true, 1}, {false, 1}} {
		if moved, err := f.drain(&c.collector); moved != want.moved || err != nil || c.b.Count != want.count {
			t.Fatalf("drain: %v, %v, %d records; want %+v", moved, err, c.b.Count, want)
		}
	}
	f.flag(pos, 0, ringBusy)
	if moved, err := f.drain(&c.collector); !moved || err != nil {
		t.Fatalf("drain: %v, %v", moved, err)
	}
	if got := string(bytes.Join(c.all(t), nil)); got != "abc" {
		t.Errorf("got %q", got)
	}
}

func TestRingRefusesCorruption(t *testing.T) {
	for name, corrupt := range map[string]func(f *fakeRing){
		"longer than what is there": func(f *fakeRing) { f.put(0, []byte("x")); f.flag(0, 9, 1) },
		"longest length":            func(f *fakeRing) { f.put(0, []byte("x")); f.flag(0, ringDiscard-1, 0) },
		"longest, discarded":        func(f *fakeRing) { f.put(0, []byte("x")); f.flag(0, 2*ringDiscard-1, 0) },
		"half a header":             func(f *fakeRing) { f.produced += 4 },
		"producer too far ahead":    func(f *fakeRing) { f.produced += f.size + 8 },
		"producer behind":           func(f *fakeRing) { f.produced -= 8 },
	} {
		t.Run(name, func(t *testing.T) {
			f, c := newFakeRing(256, 0), newCollected()
			corrupt(f)
			if _, err := f.drain(&c.collector); err == nil || !strings.Contains(err.Error(), "corrupt") {
				t.Errorf("drain: %v", err)
			}
			c.discard()
		})
	}
}

// TestRingStoresPosition holds the reader to giving space back before a batch is passed on, and at each quarter of the ring.
func TestRingStoresPosition(t *testing.T) {
	const size = 4 * batch.MaxBytes
	f, c := newFakeRing(size, 0), newCollected()
	payload := make([]byte, 1016)
	for range size / 1024 {
		f.put(0, payload)
	}
	sink := c.sink
	c.sink = func(b *batch.Batch) {
		if taken := f.produced - f.consumed; taken > size-uint64(c.batches+1)*batch.MaxBytes {
			t.Errorf("after batch %d the ring still has %d bytes", c.batches+1, taken)
		}
		sink(b)
	}
	if _, err := f.drain(&c.collector); err != nil {
		t.Fatal(err)
	}
	if n := len(c.all(t)); n != size/1024 || c.batches < 4 {
		t.Errorf("%d records in %d batches", n, c.batches)
	}
}

func TestRingOutsizeRecord(t *testing.T) {
	f, c := newFakeRing(16<<20, 0), newCollected()
	f.put(0, []byte("before"))
	f.put(0, make([]byte, batch.MaxRecord+1))
	f.put(0, make([]byte, batch.MaxRecord))
	f.put(0, []byte("after"))
	if _, err := f.drain(&c.collector); err != nil {
		t.Fatal(err)
	}
	records := c.all(t)
	if len(records) != 3 || len(records[1]) != batch.MaxRecord || c.lostSum != 1 || c.tally.lost.Load() != 1 || c.tally.read.Load() != 3 {
		t.Errorf("%d records, lost %d, tally %d read %d lost", len(records), c.lostSum, c.tally.read.Load(), c.tally.lost.Load())
	}
}

func TestRingAllocatesNothing(t *testing.T) {
	f, c := newFakeRing(64<<10, 0), newCollected()
	payload := make([]byte, 48)
	f.put(0, payload)
	if _, err := f.drain(&c.collector); err != nil { // opens the batch
		t.Fatal(err)
	}
	defer c.discard()
	n := testing.AllocsPerRun(100, func() {
		c.b.Reset()
		for range 1000 {
			f.put(0, payload)
		}
		if moved, err := f.drain(&c.collector); !moved || err != nil || c.b.Count != 1000 {
			t.Fatal(moved, err, c.b.Count)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for 1000 records", n)
	}
}

// TestRingAgainstProducer runs a random producer, that leaves records unfinished and finishes them later, against the reader.
func TestRingAgainstProducer(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		f, c := newFakeRing(1<<(7+rng.IntN(6)), rng.Uint64()&^7), newCollected()
		var want [][]byte
		var busy []uint64
		for range 500 {
			switch n := rng.IntN(10); {
			case n < 6:
				payload := make([]byte, rng.IntN(100))
				if len(payload) > f.free() {
					continue
				}
				for i := range payload {
					payload[i] = byte(rng.Uint32())
				}
				flags := uint32(0)
				if rng.IntN(4) == 0 {
					flags = ringDiscard
				} else {
					want = append(want, payload)
				}
				unfinished := rng.IntN(5) == 0
				if unfinished {
					flags |= ringBusy
				}
				if pos := f.put(flags, payload); unfinished {
					busy = append(busy, pos)
				}
			case n < 8 && len(busy) > 0:
				i := rng.IntN(len(busy))
				f.flag(busy[i], 0, ringBusy)
				busy = append(busy[:i], busy[i+1:]...)
			default:
				if _, err := f.drain(&c.collector); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		for _, pos := range busy {
			f.flag(pos, 0, ringBusy)
		}
		if _, err := f.drain(&c.collector); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := c.all(t)
		if len(got) != len(want) || f.fill() != 0 {
			t.Fatalf("seed %d: %d records, want %d; %d bytes left", seed, len(got), len(want), f.fill())
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("seed %d: record %d is %x, want %x", seed, i, got[i], want[i])
			}
		}
	}
}

// FuzzRing lets the memory of the ring be anything: the reader must neither fail otherwise than by an error, nor read outside of it, nor go on
// without getting anywhere.
func FuzzRing(f *testing.F) {
	f.Add([]byte{8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, uint64(0), uint64(16))
	f.Add([]byte{255, 255, 255, 63}, uint64(8), uint64(64))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, 0}, 32), uint64(1<<63), uint64(256))
	f.Add([]byte{3, 0, 0, 64, 0, 0, 0, 0}, uint64(1), uint64(9))
	f.Fuzz(func(t *testing.T, memory []byte, consumer, ahead uint64) {
		fake, c := newFakeRing(256, consumer), newCollected()
		for i := range 256 {
			if i < len(memory) {
				fake.data[i], fake.data[i+256] = memory[i], memory[i]
			}
		}
		fake.produced = consumer + ahead
		defer c.discard()
		for range 64 {
			moved, err := fake.drain(&c.collector)
			if err != nil || !moved {
				return
			}
		}
		t.Errorf("the reader moves on and on in a ring that does not change")
	})
}
