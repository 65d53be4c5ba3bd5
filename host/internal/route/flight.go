package route

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// maxOpen is how many batches may be under way. What fits the connection is less, unless the plugin takes batches and never acknowledges any.
const maxOpen = 64 << 10

// flight knows which batches were sent and not yet acknowledged. One goroutine adds, one acknowledges.
type flight struct {
	mu     sync.Mutex
	landed sync.Cond // there is room, or nobody acknowledges any more
	closed bool
	next   uint64 // sequence number of the last batch sent
	acked  uint64
	sizes  []int // records of the batches acked+1 .. next

	delivered atomic.Uint64
}

func newFlight() *flight {
	f := new(flight)
	f.landed.L = &f.mu
	return f
}

// add numbers a batch that is about to be sent, when there is room. It reports false if nobody acknowledges any more: then the batch counts
// as one that never is.
func (f *flight) add(records int) (seq uint64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.sizes) >= maxOpen && !f.closed {
		f.landed.Wait()
	}
	f.next++
	f.sizes = append(f.sizes, records)
	return f.next, !f.closed
}

// close frees a waiting add.
func (f *flight) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.landed.Broadcast()
}

// ack settles all batches up to seq. The number comes from the plugin and is checked.
func (f *flight) ack(seq uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq < f.acked || seq > f.next {
		return fmt.Errorf("broken protocol: the plugin acknowledged batch %d, but those under way are %d to %d", seq, f.acked+1, f.next)
	}
	n := int(seq - f.acked)
	var records uint64
	for _, r := range f.sizes[:n] {
		records += uint64(r)
	}
	f.sizes = f.sizes[:copy(f.sizes, f.sizes[n:])]
	f.acked = seq
	f.delivered.Add(records)
	f.landed.Signal()
	return nil
}

// open returns the number of batches that are not acknowledged.
func (f *flight) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sizes)
}

// abandon returns the number of records that will not be acknowledged any more.
func (f *flight) abandon() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var records uint64
	for _, r := range f.sizes {
		records += uint64(r)
	}
	f.sizes, f.acked = nil, f.next
	return records
}

// missing keeps, by stream, what a handler has not been told yet that its queue refused.
type missing struct {
	mu   sync.Mutex
	gaps map[uint32]gap
}

// take returns what is missing of the stream, once.
func (m *missing) take(stream uint32) gap {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.gaps[stream]
	if ok {
		delete(m.gaps, stream)
	}
	return g
}

func (m *missing) put(stream uint32, g gap) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gaps == nil {
		m.gaps = map[uint32]gap{}
	}
	m.gaps[stream] = m.gaps[stream].plus(g)
}

// rest returns what is missing of all streams, once.
func (m *missing) rest() map[uint32]gap {
	m.mu.Lock()
	defer m.mu.Unlock()
	gaps := m.gaps
	m.gaps = nil
	return gaps
}
