package main

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"time"
)

// report is what is shown of a section at one time.
type report struct {
	stream     string
	at         time.Time
	keys       []string
	columns    []column
	lines      []line // in descending order of the first column
	other      line   // the keys that are not among them
	otherKeys  int    // how many of those have a row of their own
	hasOther   bool
	total      line
	lost       uint64
	unknown    bool
	incomplete uint64
}

// line is one row of a report.
type line struct {
	cells  []string
	json   []byte
	counts []uint64
	grown  []uint64
	rates  []float64 // per second; NaN when not known
	share  float64   // of the first column, 0 to 1; NaN when there is no total to share
}

// report adds the section up: the top keys, with rates over the time passed. Keys that have counted nothing do not show.
func (s *section) report(top int, passed time.Duration) *report {
	r := &report{stream: s.stream.String(), at: s.at, columns: s.table.columns, lost: s.lost, unknown: s.unknown, incomplete: s.incomplete}
	for _, f := range s.keys {
		r.keys = append(r.keys, f.Name)
	}
	r.total, r.other = s.newLine(nil), s.newLine(nil)
	for _, row := range s.table.rows {
		if l := s.newLine(row); l.any() {
			r.total.add(l)
			r.lines = append(r.lines, l)
		}
	}
	rest := s.newLine(s.table.other)
	r.total.add(rest)
	r.hasOther = rest.any()
	r.other.add(rest)

	first := &s.table.columns[0]
	slices.SortFunc(r.lines, func(a, b line) int {
		if x, y := a.counts[0], b.counts[0]; x != y {
			if first.less(y, x) {
				return -1
			}
			return 1
		}
		return cmp.Or(slices.Compare(a.cells, b.cells), bytes.Compare(a.json, b.json))
	})
	if len(r.lines) > top {
		for _, l := range r.lines[top:] {
			r.other.add(l)
		}
		r.hasOther, r.otherKeys = true, len(r.lines)-top
		r.lines = r.lines[:top]
	}
	r.relate(passed)
	return r
}

func (s *section) newLine(row *row) line {
	l := line{counts: make([]uint64, len(s.table.columns)), grown: make([]uint64, len(s.table.columns))}
	if row == nil {
		return l
	}
	l.cells, l.json = row.cells, row.json
	for i := range l.counts {
		l.counts[i] = row.now[i] - row.base[i]
		l.grown[i] = row.grown[i]
	}
	return l
}

func (l *line) any() bool {
	return slices.ContainsFunc(l.counts, func(n uint64) bool { return n != 0 })
}

func (l *line) add(m line) {
	for i := range l.counts {
		l.counts[i] += m.counts[i]
		l.grown[i] += m.grown[i]
	}
}

// relate works out rates over the time passed, if any, and shares of the total.
func (r *report) relate(passed time.Duration) {
	relate := func(l *line) {
		l.rates = make([]float64, len(l.grown))
		for i, n := range l.grown {
			l.rates[i] = math.NaN()
			if passed > 0 {
				l.rates[i] = r.columns[i].float(n) / passed.Seconds()
			}
		}
		l.share = math.NaN()
		if total := r.columns[0].float(r.total.counts[0]); total > 0 {
			l.share = r.columns[0].float(l.counts[0]) / total
		}
	}
	for i := range r.lines {
		relate(&r.lines[i])
	}
	relate(&r.other)
	relate(&r.total)
}

func (c *column) float(n uint64) float64 {
	if c.signed {
		return float64(int64(n))
	}
	return float64(n)
}
