package route

import (
	"sync"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/wire"
)

// item is a batch on its way to a handler, with what was lost of its stream before it; or, without a batch, the terminal's new size.
type item struct {
	stream uint32
	batch  *batch.Batch
	gap    gap
	resize *wire.Terminal
}

// gap is what a handler misses of a stream: lost in the kernel, or dropped at the queue.
type gap struct {
	kernel batch.Gap
	queue  uint64
}

func (g gap) plus(o gap) gap {
	return gap{kernel: addGap(g.kernel, o.kernel), queue: g.queue + o.queue}
}

func (g gap) any() bool { return g.kernel.Lost > 0 || g.queue > 0 }

// queue holds batches for one handler up to a number of bytes. Any goroutine may push, one pops.
type queue struct {
	limit int

	mu      sync.Mutex
	ready   sync.Cond
	items   []item // a ring: n items from head on
	head    int
	n       int
	bytes   int
	resized *wire.Terminal // not told yet
	closed  bool
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit, items: make([]item, 16)}
	q.ready.L = &q.mu
	return q
}

// push adds the batch with a reference of its own, and reports false if it does not fit or the queue is closed. An empty queue takes
// a batch of any size.
func (q *queue) push(it item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	// A batch that waits keeps its whole buffer from being used again. When most of that is empty, a copy is cheaper to keep.
	small := q.n > 0 && len(it.batch.Records) < it.batch.Footprint()/2
	cost := cost(it.batch, small)
	if q.n > 0 && q.bytes+cost > q.limit {
		return false
	}
	if small {
		it.batch = it.batch.Clone()
	} else {
		it.batch.Retain()
	}
	q.add(it, cost)
	return true
}

func (q *queue) add(it item, cost int) {
	if q.n == len(q.items) {
		q.grow()
	}
	q.items[(q.head+q.n)%len(q.items)] = it
	q.n++
	q.bytes += cost
	q.ready.Signal()
}

// cost is what a batch counts against the limit: its memory and that of an item.
func cost(b *batch.Batch, clone bool) int {
	const overhead = 256
	if clone {
		return len(b.Records) + 4*len(b.Ends) + overhead
	}
	return b.Footprint() + overhead
}

func (q *queue) grow() {
	items := make([]item, 2*len(q.items))
	for i := range q.n {
		items[i] = q.items[(q.head+i)%len(q.items)]
	}
	q.items, q.head = items, 0
}

// resize hands the terminal's size to the next pop, ahead of all batches. Only the last one counts.
func (q *queue) resize(t *wire.Terminal) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.resized = t
	q.ready.Signal()
}

// pop waits for an item and hands it over with its reference. It reports false when the queue is closed and empty.
func (q *queue) pop() (item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 && q.resized == nil && !q.closed {
		q.ready.Wait()
	}
	if t := q.resized; t != nil {
		q.resized = nil
		return item{resize: t}, true
	}
	if q.n == 0 {
		return item{}, false
	}
	it := q.items[q.head]
	q.items[q.head] = item{}
	q.head = (q.head + 1) % len(q.items)
	q.n--
	q.bytes -= cost(it.batch, false) // of a clone this is what it cost, too
	return it, true
}

// close lets pop return what is left; push refuses from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Broadcast()
}
