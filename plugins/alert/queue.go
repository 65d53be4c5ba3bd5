package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// closeMargin is what is left of the time to close when deliveries under way are given up.
const closeMargin = 200 * time.Millisecond

// queue hands alerts to something slow, in goroutines of its own. It holds a bounded number; what comes beyond is dropped and counted.
type queue struct {
	name    string
	deliver func(ctx context.Context, a *alert) error
	log     *slog.Logger
	waiting chan *alert
	cancel  context.CancelFunc // gives up deliveries
	workers sync.WaitGroup

	mu       sync.Mutex
	full     bool   // since the last alert that found room
	failing  bool   // since the last delivery that went well
	dropped  uint64 // alerts that found no room
	failed   uint64 // alerts that could not be delivered
	episode  uint64 // alerts that could not be delivered since the last one that could
	reported uint64 // of dropped
}

func newQueue(name string, size, workers int, deliver func(context.Context, *alert) error, log *slog.Logger) *queue {
	ctx, cancel := context.WithCancel(context.Background())
	q := &queue{name: name, deliver: deliver, log: log, waiting: make(chan *alert, size), cancel: cancel}
	for range workers {
		q.workers.Go(func() { q.work(ctx) })
	}
	return q
}

// send does not wait.
func (q *queue) send(a *alert) {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case q.waiting <- a:
		if q.full {
			q.full = false
			q.log.Warn("the queue has room again", "sink", q.name, "dropped", q.dropped-q.reported)
			q.reported = q.dropped
		}
	default:
		q.dropped++
		if !q.full {
			q.full = true
			q.log.Error("the queue is full: alerts are dropped", "sink", q.name, "queue", cap(q.waiting))
		}
	}
}

func (q *queue) work(ctx context.Context) {
	for a := range q.waiting {
		if ctx.Err() != nil {
			q.note(ctx.Err())
			continue
		}
		q.note(q.deliver(ctx, a))
	}
}

// note keeps count, and logs the beginning and the end of a time of failures.
func (q *queue) note(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case err != nil:
		q.failed++
		q.episode++
		if !q.failing {
			q.failing = true
			q.log.Error("an alert could not be delivered", "sink", q.name, "error", err)
		}
	case q.failing:
		q.log.Warn("alerts are delivered again", "sink", q.name, "lost", q.episode)
		q.failing, q.episode = false, 0
	}
}

// close delivers what waits. Shortly before ctx ends it gives up and counts the rest as failed. What was lost in all is logged, which is
// no failure of closing.
func (q *queue) close(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-closeMargin))
		defer cancel()
	}
	close(q.waiting)
	stop := context.AfterFunc(ctx, q.cancel)
	defer stop()
	q.workers.Wait()
	q.cancel()
	if q.dropped+q.failed > 0 {
		q.log.Error("summary: alerts were lost", "sink", q.name, "queue_full", q.dropped, "not_delivered", q.failed)
	}
	return nil
}
