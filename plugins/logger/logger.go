package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk"
)

const (
	flushBytes = 64 << 10 // lines that wait in memory before they are written
	keepBytes  = 1 << 20  // a buffer that an outsize line made larger is not kept
)

// encoder turns the events of one stream into lines. Calls do not overlap.
type encoder interface {
	// event appends the event's line. Arrived is when its batch came, for events that have no time.
	event(dst []byte, e sdk.Event, arrived time.Time) []byte
	// lost appends a line that says how many records are missing.
	lost(dst []byte, n uint64, arrived time.Time) []byte
}

// output takes whole lines. It deals with its own outages. Without lines it tries to end one.
type output interface {
	append(lines []byte)
	close(ctx context.Context) error
}

// logger collects lines in memory and writes them when there are enough of them, or when they have waited long enough.
type logger struct {
	encoders  map[uint32]encoder
	immediate bool // write at the end of each batch

	mu  sync.Mutex
	buf []byte
	out output

	stop chan struct{}
	done sync.WaitGroup
}

func open(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
	l := &logger{encoders: make(map[uint32]encoder), buf: make([]byte, 0, 2*flushBytes), stop: make(chan struct{})}
	notice := textNotice
	if cfg.Format == "json" {
		notice = linefile.JSONNotice
	}
	screen := func() int { return 0 }
	if cfg.Output == "stdout" {
		screen = func() int {
			width, _, _ := h.Terminal()
			return width
		}
	}
	var width int
	for _, s := range h.Streams() {
		width = max(width, len(s.String()))
	}
	for _, s := range h.Streams() {
		if cfg.Format == "json" {
			l.encoders[s.ID] = newJSONEncoder(s, cfg.Fields)
		} else {
			l.encoders[s.ID] = newTextEncoder(s, cfg.Fields, width, screen)
		}
	}
	if cfg.Output == "stdout" {
		l.out, l.immediate = &stdout{w: h.Stdout(), notice: notice}, true
		return l, nil
	}
	file, err := linefile.Open(linefile.Options{Path: cfg.Output, Log: h.Log(), Notice: notice})
	if err != nil {
		return nil, sdk.Errorf(sdk.Path{"output"}, "%w", err)
	}
	l.out = newRotator(file, cfg.Output, cfg.Rotate, h.Log())
	l.done.Go(func() { l.run(cfg.Flush) })
	return l, nil
}

// run writes what has waited, until Close.
func (l *logger) run(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.mu.Lock()
			l.flush()
			l.mu.Unlock()
		}
	}
}

// HandleBatch writes a line for each event, and one for the records that are missing before them.
func (l *logger) HandleBatch(_ context.Context, b *sdk.Batch) error {
	enc, now := l.encoders[b.Stream().ID], time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := b.Gap().Lost(); n > 0 {
		l.buf = enc.lost(l.buf, n, now)
	}
	for e := range b.Events() {
		l.buf = enc.event(l.buf, e, now)
		if len(l.buf) >= flushBytes {
			l.flush()
		}
	}
	if l.immediate {
		l.flush()
	}
	return nil
}

// flush writes what is in memory. The caller holds mu.
func (l *logger) flush() {
	l.out.append(l.buf)
	if cap(l.buf) > keepBytes {
		l.buf = make([]byte, 0, 2*flushBytes)
	}
	l.buf = l.buf[:0]
}

// Close writes what is left.
func (l *logger) Close(ctx context.Context) error {
	close(l.stop)
	l.done.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
	return l.out.close(ctx)
}

// stdout is the host's standard output.
type stdout struct {
	w interface {
		Write(p []byte) (int, error)
	}
	notice func(dst []byte, lost uint64) []byte
	missed uint64 // lines
}

func (s *stdout) append(lines []byte) {
	if len(lines) == 0 && s.missed == 0 {
		return
	}
	text := lines
	if s.missed > 0 {
		text = append(s.notice(nil, s.missed), lines...)
	}
	// The SDK logs that the host takes no more, once, and how much that cost.
	if _, err := s.w.Write(text); err != nil {
		s.missed += countLines(lines)
		return
	}
	s.missed = 0
}

func (s *stdout) close(context.Context) error {
	s.append(nil)
	if s.missed > 0 {
		return errors.New("the host took no more output")
	}
	return nil
}
