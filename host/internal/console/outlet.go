package console

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"
)

// maxWaiting is how much text, in bytes, may wait to be written before those who print wait too. The log may go to twice of it.
const maxWaiting = 256 << 10

// outlet is a file that is written by a goroutine of its own, so that a file that takes nothing holds up as few as possible.
type outlet struct {
	file   io.Writer
	screen *screen // nil: the file is not a terminal
	failed func(error)

	wake    chan struct{} // has an element when there is something to write
	hurry   chan struct{} // has an element when somebody waits for room
	closing chan struct{} // closed by stop
	done    chan struct{} // closed when nothing is written any more

	mu    sync.Mutex // guards screen too
	taken sync.Cond  // lines were taken, or never are again
	lines []byte     // that wait
	dirty bool       // lines or screen have changed
	lost  int        // records of the log that found no room
	over  bool       // nothing is taken any more
	err   error
}

func newOutlet(file io.Writer, s *screen, failed func(error)) *outlet {
	o := &outlet{
		file: file, screen: s, failed: failed,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
	}
	o.taken.L = &o.mu
	go o.run()
	return o
}

// print adds lines. When there is no room it waits until there is, or ctx ends.
func (o *outlet) print(ctx context.Context, text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.lines) > maxWaiting {
		notify(o.hurry)
		defer context.AfterFunc(ctx, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.taken.Broadcast()
		})()
		for len(o.lines) > maxWaiting && !o.over && ctx.Err() == nil {
			o.taken.Wait()
		}
	}
	if len(o.lines) <= maxWaiting {
		o.add(text)
	}
}

// try adds a record of the log if there is room.
func (o *outlet) try(text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.lines) > 2*maxWaiting {
		o.lost++
		return
	}
	o.add(text)
}

func (o *outlet) add(text []byte) {
	if o.over || len(text) == 0 {
		return
	}
	o.lines = append(o.lines, text...)
	if text[len(text)-1] != '\n' {
		o.lines = append(o.lines, '\n')
	}
	o.dirty = true
	notify(o.wake)
}

// change calls f, which may change the screen and add whole lines.
func (o *outlet) change(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over {
		f()
		o.dirty = true
		notify(o.wake)
	}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes until stop or an error.
func (o *outlet) run() {
	defer close(o.done)
	var frame bytes.Buffer
	var last time.Time
	for open := true; open; {
		select {
		case <-o.wake:
			if o.screen != nil {
				o.pause(redraw - time.Since(last))
			}
		case <-o.closing:
			open = false
		}
		o.take(&frame, !open)
		if frame.Len() == 0 {
			continue
		}
		if _, err := o.file.Write(frame.Bytes()); err != nil {
			o.fail(err)
			return
		}
		last = time.Now()
		frame.Reset()
	}
}

func (o *outlet) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-o.hurry:
	case <-o.closing:
	}
}

// take appends to frame what is to be written now; the last time, nothing is taken from others any more.
func (o *outlet) take(frame *bytes.Buffer, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !o.dirty:
	case o.screen != nil:
		o.screen.draw(frame, o.lines)
	default:
		frame.Write(o.lines)
	}
	o.lines, o.dirty, o.over = o.lines[:0], false, last
	o.taken.Broadcast()
}

func (o *outlet) fail(err error) {
	o.mu.Lock()
	o.err, o.over = err, true
	o.taken.Broadcast()
	o.mu.Unlock()
	o.failed(err)
}

// stop has the rest written. It is called once.
func (o *outlet) stop() { close(o.closing) }

// close stops, if nobody has, and waits until the rest is written, or ctx ends. It returns why not all is.
func (o *outlet) close(ctx context.Context) error {
	select {
	case <-o.closing:
	default:
		o.stop()
	}
	select {
	case <-o.done:
	case <-ctx.Done():
		return ErrUnread
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// lostRecords returns how many records of the log found no room.
func (o *outlet) lostRecords() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lost
}
