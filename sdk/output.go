package sdk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/probehost/probehost/sdk/wire"
)

// ErrOutputFull is the error of a write to [Host.Stdout] that the host has no room for.
var ErrOutputFull = errors.New("the host does not take output fast enough")

const (
	outputLimit = 1 << 20         // bytes that wait for the host, and the longest text taken at once
	outputChunk = 256 << 10       // bytes in one message
	outputWait  = 1 * time.Second // how long a write waits for room
)

// output holds text on its way to the host's standard output. Handlers put it in, the session's sender takes it out.
type output struct {
	log  *slog.Logger
	wake chan struct{} // has an element when there is something to take

	mu      sync.Mutex
	text    []byte
	lines   int           // so many bytes of text may be taken; the rest is an incomplete line
	block   *string       // the latest live block, not taken yet
	room    chan struct{} // closed and replaced when text was taken
	full    bool          // the last write found no room in time
	closed  bool          // nobody takes anything any more
	dropped uint64        // bytes since full
}

func newOutput(log *slog.Logger) *output {
	return &output{log: log, wake: make(chan struct{}, 1), room: make(chan struct{})}
}

// lineWriter is the output as the io.Writer that Host.Stdout returns.
type lineWriter output

func (w *lineWriter) Write(p []byte) (int, error) { return (*output)(w).write(p) }

// WriteString saves io.WriteString a copy.
func (w *lineWriter) WriteString(s string) (int, error) { return (*output)(w).write([]byte(s)) }

func (o *output) write(p []byte) (int, error) {
	if len(p) > outputLimit {
		o.drop(len(p))
		return 0, fmt.Errorf("%d bytes at once, at most %d are taken: %w", len(p), outputLimit, ErrOutputFull)
	}
	var deadline <-chan time.Time
	for {
		ok, room, err := o.tryWrite(p)
		if ok {
			return len(p), nil
		}
		if err != nil {
			return 0, err
		}
		if deadline == nil {
			timer := time.NewTimer(outputWait)
			defer timer.Stop()
			deadline = timer.C
		}
		select {
		case <-room:
		case <-deadline:
			o.drop(len(p))
			return 0, ErrOutputFull
		}
	}
}

// tryWrite takes p if there is room. If not, it returns what to wait for, or an error when waiting is of no use.
func (o *output) tryWrite(p []byte) (ok bool, room <-chan struct{}, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return false, nil, fmt.Errorf("write to the host's standard output: %w", io.ErrClosedPipe)
	case len(o.text)+len(p) <= outputLimit:
		o.reportDropped()
		start := len(o.text)
		o.text = append(o.text, p...)
		if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
			o.lines = start + i + 1
		} else if len(o.text) > outputLimit/2 {
			o.lines = len(o.text) // a line without end must not take all the room
		}
		if o.lines > 0 {
			o.notify()
		}
		return true, nil, nil
	case o.full:
		o.dropped += uint64(len(p))
		return false, nil, ErrOutputFull
	}
	o.lines = len(o.text) // even if that cuts a line: else it would never make room
	o.notify()
	return false, o.room, nil
}

func (o *output) drop(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.full {
		o.log.Warn("standard output of the host is blocked, output is lost")
	}
	o.full = true
	o.dropped += uint64(n)
}

// reportDropped logs the end of a time without room. The caller holds mu.
func (o *output) reportDropped() {
	if o.full {
		o.log.Warn("output was lost", "bytes", o.dropped)
	}
	o.full, o.dropped = false, 0
}

func (o *output) live(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if len(text) > outputLimit {
		text = text[:outputLimit]
	}
	o.block = &text
	o.notify()
}

func (o *output) notify() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take returns the next thing to send, or nil. At the end of the handler, all includes an incomplete line.
func (o *output) take(all bool) *wire.Output {
	o.mu.Lock()
	defer o.mu.Unlock()
	if all && len(o.text) > o.lines {
		o.text = append(o.text, '\n')
		o.lines = len(o.text)
	}
	if o.lines > 0 {
		n := o.lines
		if n > outputChunk {
			n = outputChunk
			if i := bytes.LastIndexByte(o.text[:n], '\n'); i >= 0 {
				n = i + 1
			}
		}
		text := bytes.Clone(o.text[:n])
		o.text = append(o.text[:0], o.text[n:]...)
		o.lines -= n
		close(o.room)
		o.room = make(chan struct{})
		return &wire.Output{Text: text}
	}
	if o.block != nil {
		text := *o.block
		o.block = nil
		return &wire.Output{Text: []byte(text), Live: true}
	}
	return nil
}

// close makes further writes fail.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	close(o.room)
	o.room = make(chan struct{})
	o.reportDropped()
}
