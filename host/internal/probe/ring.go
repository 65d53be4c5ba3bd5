package probe

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/host/internal/batch"
)

// A record in a ring is a header of 8 bytes, whose first 4 are its length and two flags, and its bytes, padded to 8.
const (
	ringHeader  = 8
	ringBusy    = 1 << 31 // the program has not finished it
	ringDiscard = 1 << 30 // the program has thrown it away
)

// ring is a BPF ring buffer mapped into memory. The kernel writes records and moves the producer's position; we read them in place and
// move the consumer's. Positions only grow; the ring's size is a power of two. One goroutine uses a ring.
//
// The kernel sends a wake-up for a record only if it finds the consumer's position exactly at it. So a reader may sleep only after it
// has stored its position and then found nothing to read: whatever is committed after that look sees the position and wakes it.
type ring struct {
	consumer *uint64 // written by us
	producer *uint64 // written by the kernel
	data     []byte  // the ring's bytes twice in a row, so that no record is split
	size     uint64
	next     uint64 // where we read on; *consumer is behind it in the middle of drain
	unmap    [][]byte
}

func mapRing(m *ebpf.Map) (_ *ring, err error) {
	size, page := uint64(m.MaxEntries()), os.Getpagesize()
	consumer, err := unix.Mmap(m.FD(), 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the consumer page: %w", err)
	}
	rest, err := unix.Mmap(m.FD(), int64(page), page+2*int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map the records: %w", err), unix.Munmap(consumer))
	}
	r := newRing((*uint64)(unsafe.Pointer(&consumer[0])), (*uint64)(unsafe.Pointer(&rest[0])), rest[page:])
	r.unmap = [][]byte{consumer, rest}
	return r, nil
}

// newRing reads a ring in any memory; data holds its bytes twice.
func newRing(consumer, producer *uint64, data []byte) *ring {
	return &ring{
		consumer: consumer, producer: producer, data: data,
		size: uint64(len(data) / 2),
		next: atomic.LoadUint64(consumer),
	}
}

// written returns the producer's position.
func (r *ring) written() uint64 { return atomic.LoadUint64(r.producer) }

// fill returns how many bytes of the ring are taken.
func (r *ring) fill() uint64 { return r.written() - r.next }

// drain moves the records that were in the ring when it was called to the collector, up to the first that is still being written. It
// reports whether there were any bytes to move; only after false may the caller sleep. The consumer's position is stored at the end,
// when a batch is passed on and at each quarter of the ring: a store per record would fight the producer for the cache line.
func (r *ring) drain(c *collector) (moved bool, err error) {
	start, end := r.next, r.written()
	if end-start > r.size || (start|end)%8 != 0 {
		return false, fmt.Errorf("the ring is corrupt: positions %d and %d in a ring of %d bytes", start, end, r.size)
	}
	pos, stored := start, start
	b := c.b
	for pos != end {
		at := pos & (r.size - 1)
		head := atomic.LoadUint32((*uint32)(unsafe.Pointer(&r.data[at])))
		if head&ringBusy != 0 {
			break
		}
		size := uint64(head &^ (ringBusy | ringDiscard))
		next := pos + (ringHeader+size+7)&^7
		if next-pos > end-pos {
			r.store(pos)
			return true, fmt.Errorf("the ring is corrupt: a record of %d bytes at %d, but only %d bytes are left", size, pos, end-pos)
		}
		if head&ringDiscard == 0 {
			if b == nil || !b.Fits(int(size)) {
				r.store(pos)
				if b, err = c.room(int(size)); err != nil {
					return true, err
				}
				stored = pos
			}
			if size <= batch.MaxRecord {
				b.Append(r.data[at+ringHeader : at+ringHeader+size])
			}
		}
		if pos = next; pos-stored > r.size/4 {
			r.store(pos)
			stored = pos
		}
	}
	r.store(pos)
	return pos != start, nil
}

func (r *ring) store(pos uint64) {
	r.next = pos
	atomic.StoreUint64(r.consumer, pos)
}

func (r *ring) close() error {
	var errs []error
	for _, m := range r.unmap {
		errs = append(errs, unix.Munmap(m))
	}
	r.unmap = nil
	return errors.Join(errs...)
}
