package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk"
)

// counter counts every stream by itself. Sections of polled maps are shown when a snapshot is complete, the others by a ticker.
type counter struct {
	cfg   config
	every time.Duration // of the ticker
	reset time.Duration
	host  *sdk.Host
	file  *linefile.File // nil: standard output
	out   io.Writer

	mu       sync.Mutex
	sections []*section // in the order of the streams
	byStream map[uint32]*section
	views    map[*section]string // on a terminal: the last table of each
	started  bool                // a batch has come

	stop chan struct{}
	done sync.WaitGroup
}

func open(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
	c := &counter{
		cfg: cfg, every: cmp.Or(cfg.Every, time.Second), host: h, out: h.Stdout(), byStream: make(map[uint32]*section),
		views: make(map[*section]string), stop: make(chan struct{}),
	}
	var err error
	if c.reset, err = cfg.reset(); err != nil {
		return nil, sdk.Errorf(sdk.Path{"reset"}, "%w", err)
	}
	if cfg.Output != "stdout" {
		if c.file, err = linefile.Open(linefile.Options{Path: cfg.Output, Log: h.Log(), Notice: c.notice}); err != nil {
			return nil, sdk.Errorf(sdk.Path{"output"}, "%w", err)
		}
	}
	c.addSections(h.Log())
	c.done.Go(c.run)
	return c, nil
}

func (c *counter) addSections(log *slog.Logger) {
	now := time.Now()
	for _, s := range c.host.Streams() {
		keys, missing := eventkey.Fields(s, c.cfg.Key)
		if len(missing) > 0 {
			log.Warn("stream is not counted: it has no such field", "stream", s.String(), "field", missing[0])
			continue
		}
		sec := newSection(s, keys, columns(s, c.cfg.Sum), c.cfg.MaxKeys, log, now)
		c.sections = append(c.sections, sec)
		c.byStream[s.ID] = sec
	}
}

// run shows the sections that no snapshot drives, until Close.
func (c *counter) run() {
	ticker := time.NewTicker(c.every)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case now := <-ticker.C:
			c.mu.Lock()
			c.show(now, false, func(s *section) bool { return !s.polled() })
			c.mu.Unlock()
		}
	}
}

// HandleBatch counts the batch.
func (c *counter) HandleBatch(_ context.Context, b *sdk.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.started {
		c.started = true
		if b.Seq() > 1 || b.Redelivered() { // a process before this one may have had the beginning of a snapshot
			for _, s := range c.sections {
				s.resumed = true
			}
		}
	}
	sec := c.byStream[b.Stream().ID]
	if sec == nil {
		return nil
	}
	if sec.handle(b) && sec.due(c.cfg.Every) {
		c.show(time.Now(), false, func(s *section) bool { return s == sec })
	}
	return nil
}

// show shows the sections that are due. Tables that are appended are left out when nothing has changed; so is, at the end, everything that has
// been shown as it is. The caller holds mu.
func (c *counter) show(now time.Time, end bool, due func(*section) bool) {
	width, height, terminal := c.host.Terminal()
	terminal = terminal && c.file == nil && c.cfg.Format == "table"
	var text []byte
	for _, s := range c.sections {
		if !due(s) {
			continue
		}
		if !s.polled() || !s.committed {
			s.at = now
		}
		if !s.changed && (end || c.cfg.Format == "table" && !terminal) {
			s.settle(now, c.reset) // rates and resets do not wait for a change
			continue
		}
		passed := s.at.Sub(s.shown)
		if s.shown.IsZero() || end && passed < c.every/2 {
			passed = 0 // not known, or too short for a rate that means anything
		}
		switch {
		case terminal:
			c.views[s] = string(appendTable(nil, s.report(c.fit(height), passed), width))
		case c.cfg.Format == "json":
			text = appendJSON(text, s.report(c.cfg.Top, passed))
		default:
			text = appendTable(text, s.report(c.cfg.Top, passed), 0)
		}
		s.settle(now, c.reset)
	}
	if terminal {
		var live strings.Builder
		for _, s := range c.sections {
			live.WriteString(c.views[s])
		}
		c.host.Live(live.String())
		return
	}
	c.write(text)
}

// fit returns how many rows each section may have so that all of them fit on the terminal beside what other handlers show.
func (c *counter) fit(height int) int {
	const around = 6 // heading, column names, other, total, notes, blank
	return min(c.cfg.Top, max(height/len(c.sections)-around, 1))
}

func (c *counter) write(text []byte) {
	switch {
	case c.file != nil:
		c.file.Append(text) // without text it still tries to end an outage
	case len(text) > 0:
		// An error means that the host takes no more output. The SDK logs that and what it cost.
		_, _ = c.out.Write(text)
	}
}

// notice is the line in the output file that says that some are missing.
func (c *counter) notice(dst []byte, lost uint64) []byte {
	if c.cfg.Format == "json" {
		return linefile.JSONNotice(dst, lost)
	}
	return fmt.Appendf(dst, "%d lines are missing here\n\n", lost)
}

// Close shows the final counts.
func (c *counter) Close(context.Context) error {
	close(c.stop)
	c.done.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.show(time.Now(), true, func(*section) bool { return true })
	if c.file != nil {
		return c.file.Close()
	}
	return nil
}
