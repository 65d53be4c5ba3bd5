package probe

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unsafe"

	"github.com/probehost/probehost/host/internal/batch"
)

// fakeRing is a ring in ordinary memory, with a producer that does what the kernel does.
type fakeRing struct {
	*ring
	consumed, produced uint64
	words              []uint64
}

// newFakeRing returns a ring of size bytes whose positions begin at start.
func newFakeRing(size int, start uint64) *fakeRing {
	f := &fakeRing{words: make([]uint64, 2*size/8), consumed: start, produced: start}
	f.ring = newRing(&f.consumed, &f.produced, unsafe.Slice((*byte)(unsafe.Pointer(&f.words[0])), 2*size))
	return f
}

// free is how many bytes a record may have.
func (f *fakeRing) free() int {
	return int(f.size) - int(f.produced-f.consumed) - ringHeader
}

// put writes a record, whether or not there is room, and returns its position.
func (f *fakeRing) put(flags uint32, payload []byte) uint64 {
	pos := f.produced
	var header [8]byte
	binary.NativeEndian.PutUint32(header[:], uint32(len(payload))|flags)
	binary.NativeEndian.PutUint32(header[4:], 0xdeadbeef) // the kernel's page offset
	f.write(pos, header[:])
	f.write(pos+ringHeader, payload)
	f.produced += uint64(ringHeader+len(payload)+7) &^ 7
	return pos
}

// write puts bytes into both mappings of the ring.
func (f *fakeRing) write(pos uint64, p []byte) {
	for i, c := range p {
		at := (pos + uint64(i)) & (f.size - 1)
		f.data[at], f.data[at+f.size] = c, c
	}
}

// flag changes the flags of the record at pos.
func (f *fakeRing) flag(pos uint64, set, clear uint32) {
	at := pos & (f.size - 1)
	header := binary.NativeEndian.Uint32(f.data[at:])
	var p [4]byte
	binary.NativeEndian.PutUint32(p[:], header&^clear|set)
	f.write(pos, p[:])
}

// collected is a collector that keeps the records.
type collected struct {
	collector
	records [][]byte
	batches int
	lostSum uint64
}

func newCollected() *collected {
	c := &collected{}
	c.tally = &tally{lossKnown: true}
	c.sink = func(b *batch.Batch) {
		defer b.Release()
		for i := range b.Count {
			c.records = append(c.records, bytes.Clone(b.Record(i)))
		}
		c.batches++
		c.lostSum += b.Gap.Lost
	}
	return c
}

// all returns the records passed on so far and those of the open batch.
func (c *collected) all(t *testing.T) [][]byte {
	t.Helper()
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	return c.records
}
