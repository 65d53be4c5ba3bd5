package main

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/sdk"
)

// section counts one stream.
type section struct {
	stream *sdk.Stream
	log    *slog.Logger
	keys   []*sdk.Field
	table  *table
	key    []byte // scratch

	lost    uint64 // records known to be missing
	unknown bool   // there may be more
	told    bool   // that there are too many keys

	// Polled maps.
	tick       uint64 // the snapshot that is coming in
	whole      bool   // nothing of it is missing so far
	resumed    bool   // the first snapshot began before this process did
	committed  bool   // there has been a whole snapshot
	incomplete uint64 // snapshots that were not whole

	at      time.Time // of what the table holds
	shown   time.Time // of what was shown last: growth counts from there; zero before the first snapshot
	changed bool      // since then
	resetAt time.Time
}

func newSection(s *sdk.Stream, keys []*sdk.Field, columns []column, maxKeys int, log *slog.Logger, now time.Time) *section {
	sec := &section{stream: s, log: log, keys: keys, table: newTable(columns, maxKeys), changed: true, resetAt: now}
	if !sec.polled() {
		sec.at, sec.shown = now, now
	}
	return sec
}

func (s *section) polled() bool { return s.stream.Source == sdk.Poll }

// handle counts a batch, and reports whether it completed a snapshot.
func (s *section) handle(b *sdk.Batch) (completed bool) {
	gap := b.Gap()
	if gap.Lost() > 0 || gap.KernelUnknown && !s.unknown {
		s.lost += gap.Lost()
		s.unknown = s.unknown || gap.KernelUnknown
		s.changed = true
	}
	if !s.polled() {
		for e := range b.Events() {
			s.table.add(s.row(e), e)
		}
		s.changed = s.changed || b.Len() > 0
		return false
	}
	tick, ok := b.Tick()
	if !ok {
		return false
	}
	return s.snapshot(b, tick, gap.Lost() > 0)
}

// snapshot takes in a part of a polled map. A snapshot with a part missing is left out: its totals would be too low, which looks like a reset.
func (s *section) snapshot(b *sdk.Batch, tick sdk.Tick, gap bool) (completed bool) {
	if tick.Number != s.tick {
		if s.tick != 0 {
			s.skip() // its end is missing
		}
		s.tick, s.whole = tick.Number, !s.resumed
		s.resumed = false
	}
	if gap {
		s.whole = false
	}
	for e := range b.Events() {
		s.table.stage(s.row(e), tick.Number, e)
	}
	if !tick.Last {
		return false
	}
	s.tick = 0
	if !s.whole {
		s.skip()
		return false
	}
	s.changed = s.table.commit(tick.Number, !s.committed) || s.changed
	s.committed, s.at = true, tick.Time
	return true
}

// due reports whether it is time to show a snapshot. Snapshots come somewhat early or late, and a last one at any time.
func (s *section) due(every time.Duration) bool {
	interval := s.stream.Interval
	return s.shown.IsZero() || s.at.Sub(s.shown) >= cmp.Or(every, interval)-interval/2
}

func (s *section) skip() {
	if s.incomplete == 0 {
		s.log.Warn("snapshots are left out because parts of them were lost; a larger queue may help", "stream", s.stream.String())
	}
	s.incomplete++
	s.changed = true
}

func (s *section) row(e sdk.Event) *row {
	s.key = eventkey.Append(s.key[:0], e, s.keys)
	r := s.table.row(s.key, func(r *row) { s.describe(r, e) })
	if s.table.full && !s.told {
		s.told = true
		s.log.Warn("more keys than max_keys allows: the rest counts as other", "stream", s.stream.String(), "keys", len(s.table.rows))
	}
	return r
}

// describe fills in how a key shows.
func (s *section) describe(r *row, e sdk.Event) {
	r.json = append(r.json, '{')
	for i, f := range s.keys {
		cell := e.String(f)
		if !f.In(e.Record()) {
			cell = "-"
		}
		r.cells = append(r.cells, cell)
		if i > 0 {
			r.json = append(r.json, ',')
		}
		r.json = appendString(r.json, f.Name)
		r.json = append(r.json, ':')
		r.json = e.AppendFieldJSON(r.json, f)
	}
	r.json = append(r.json, '}')
}

// settle ends the interval that has just been shown.
func (s *section) settle(now time.Time, reset time.Duration) {
	s.table.settle()
	s.shown, s.changed = s.at, false
	switch {
	case reset == resetEvery:
	case reset > 0 && now.Sub(s.resetAt) >= reset:
		s.resetAt = s.resetAt.Add(now.Sub(s.resetAt).Truncate(reset)) // not now: what it is late must not add up
	default:
		return
	}
	s.table.reset(s.polled())
	s.lost, s.incomplete, s.told = 0, 0, false
}
