package route

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
)

// flight knows which batches were sent and not yet acknowledged.
type flight struct {
	mu    sync.Mutex
	next  uint64 // sequence number of the last batch sent
	acked uint64
	sizes []int // records of the batches acked+1 .. next

	delivered atomic.Uint64
}

// add numbers a batch that is about to be sent.
func (f *flight) add(records int) (seq uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	f.sizes = append(f.sizes, records)
	return f.next
}

// ack settles all batches up to seq. The number comes from the plugin and is checked.
func (f *flight) ack(seq uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq < f.acked || seq > f.next {
		return fmt.Errorf("broken protocol: the plugin acknowledged batch %d, of %d to %d under way", seq, f.acked+1, f.next)
	}
	n := int(seq - f.acked)
	var records uint64
	for _, r := range f.sizes[:n] {
		records += uint64(r)
	}
	f.sizes = f.sizes[:copy(f.sizes, f.sizes[n:])]
	f.acked = seq
	f.delivered.Add(records)
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

// missing keeps, by stream, what a handler has not been told yet that it lost.
type missing struct {
	mu   sync.Mutex
	gaps map[uint32]gap
}

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
	if !g.any() && !g.kernel.Unknown {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gaps == nil {
		m.gaps = map[uint32]gap{}
	}
	m.gaps[stream] = m.gaps[stream].plus(g)
}

// rest yields what is left to tell, once.
func (m *missing) rest() iter.Seq2[uint32, gap] {
	m.mu.Lock()
	gaps := m.gaps
	m.gaps = nil
	m.mu.Unlock()
	return func(yield func(uint32, gap) bool) {
		for stream, g := range gaps {
			if g.any() && !yield(stream, g) {
				return
			}
		}
	}
}
