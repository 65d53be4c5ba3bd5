package route

import (
	"testing"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/wire"
)

func filled(n int) *batch.Batch {
	b := batch.Get()
	for range n {
		b.Append(make([]byte, 16))
	}
	return b
}

func TestQueueOrderAndLimit(t *testing.T) {
	q := newQueue(1 << 20)
	const each = batch.MaxBytes / 16 // records that fill a batch
	accepted := 0
	for i := range 10 {
		b := filled(each)
		if q.push(item{stream: uint32(i), batch: b}) {
			accepted++
		}
		b.Release()
	}
	if accepted != 3 { // each takes its memory and the overhead of an item
		t.Errorf("accepted %d full batches into 1 MiB", accepted)
	}
	for i := range accepted {
		it, ok := q.pop()
		if !ok || it.stream != uint32(i) || it.batch.Count != each {
			t.Fatalf("pop %d: stream %d, %d records, %v", i, it.stream, it.batch.Count, ok)
		}
		it.batch.Release()
	}
	if q.bytes != 0 {
		t.Errorf("%d bytes counted in an empty queue", q.bytes)
	}
}

// Small batches must not be counted, nor kept, with the large buffers that they came in.
func TestQueueKeepsSmallBatchesSmall(t *testing.T) {
	q := newQueue(1 << 20)
	n := 0
	for {
		b := filled(4)
		ok := q.push(item{batch: b})
		b.Release()
		if !ok {
			break
		}
		if n++; n > 1e6 {
			t.Fatal("no limit")
		}
	}
	if n < 2000 || n > 4000 {
		t.Errorf("%d batches of 64 bytes fit 1 MiB", n)
	}
	q.close()
	for i := 0; ; i++ {
		it, ok := q.pop()
		if !ok {
			if i != n {
				t.Errorf("popped %d of %d", i, n)
			}
			break
		}
		if it.batch.Count != 4 {
			t.Fatalf("batch %d has %d records", i, it.batch.Count)
		}
		it.batch.Release()
	}
	if q.bytes != 0 || q.push(item{batch: filled(1)}) {
		t.Error("a closed queue is empty and takes nothing")
	}
}

func TestEmptyQueueTakesAnything(t *testing.T) {
	q := newQueue(1)
	b := filled(100)
	if !q.push(item{batch: b}) {
		t.Error("refused by an empty queue")
	}
	if q.push(item{batch: b}) {
		t.Error("taken beyond the limit")
	}
}

// However often the terminal changes, one message waits, ahead of the batches.
func TestQueueKeepsLastResize(t *testing.T) {
	q := newQueue(1 << 20)
	b := filled(1)
	defer b.Release()
	q.push(item{batch: b})
	for width := range uint32(1000) {
		q.resize(&wire.Terminal{Width: width})
	}
	if it, ok := q.pop(); !ok || it.resize.GetWidth() != 999 {
		t.Errorf("first %+v", it)
	}
	if it, ok := q.pop(); !ok || it.batch == nil {
		t.Errorf("then %+v", it)
	}
	if q.n != 0 || q.bytes != 0 {
		t.Errorf("%d items of %d bytes are left", q.n, q.bytes)
	}
}
