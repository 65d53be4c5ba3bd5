package main

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/probehost/probehost/sdk/record"
)

const (
	maxCell = 48 // characters of a key that show in a table
	minCell = 16 // characters of a key that show where there is no room for more
)

// appendTable appends the report as text for people: a heading, the rows in columns, notes on what is missing. Lines are no longer than
// width characters unless width is zero; keys are cut before numbers are.
func appendTable(dst []byte, r *report, width int) []byte {
	grid := r.grid()
	widths := make([]int, len(grid[0]))
	for _, cells := range grid {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	if width > 0 {
		narrow(widths, max(len(r.keys), 1), width)
	}
	dst = appendCut(dst, r.stream+"  "+r.at.Format(time.TimeOnly), width)
	for _, cells := range grid {
		dst = appendCut(dst, align(cells, widths, len(r.keys)), width)
	}
	for _, note := range r.notes() {
		dst = appendCut(dst, note, width)
	}
	return append(dst, '\n')
}

// grid returns the cells of the table: heading, rows, other, total. The cells of keys come first; without keys the only row is the total.
func (r *report) grid() [][]string {
	var head []string
	for _, k := range r.keys {
		head = append(head, strings.ToUpper(k))
	}
	if len(r.keys) == 0 {
		head = append(head, "")
	}
	for _, c := range r.columns {
		head = append(head, strings.ToUpper(c.name), strings.ToUpper(c.name)+"/S")
	}
	grid := [][]string{append(head, "SHARE")}
	if len(r.keys) > 0 {
		for i := range r.lines {
			grid = append(grid, r.cells(&r.lines[i], r.lines[i].cells))
		}
		if r.hasOther {
			name := "other"
			if r.otherKeys > 0 {
				name += " (" + strconv.Itoa(r.otherKeys) + " keys)"
			}
			grid = append(grid, r.cells(&r.other, []string{name}))
		}
	}
	return append(grid, r.cells(&r.total, []string{"total"}))
}

func (r *report) cells(l *line, keys []string) []string {
	var cells []string
	for i := range max(len(r.keys), 1) {
		if i < len(keys) {
			cells = append(cells, shorten(keys[i], maxCell))
		} else {
			cells = append(cells, "")
		}
	}
	for i, n := range l.counts {
		cells = append(cells, r.columns[i].text(n), r.columns[i].rate(l.rates[i]))
	}
	if math.IsNaN(l.share) {
		return append(cells, "-")
	}
	return append(cells, strconv.FormatFloat(100*l.share, 'f', 1, 64)+"%")
}

// append appends a count in all its digits.
func (c *column) append(dst []byte, n uint64) []byte {
	if c.signed {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return strconv.AppendUint(dst, n, 10)
}

// text returns a count in all its digits, nanoseconds as a duration.
func (c *column) text(n uint64) string {
	if !c.durations() {
		return string(c.append(nil, n))
	}
	d := time.Duration(n)
	if d < 0 && !c.signed {
		d = math.MaxInt64
	}
	if d.Abs() >= time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}

func (c *column) rate(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case c.durations():
		return c.text(uint64(int64(v)))
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func (c *column) durations() bool { return c.field != nil && c.field.Format == record.Duration }

func (r *report) notes() []string {
	var notes []string
	if r.lost > 0 {
		notes = append(notes, strconv.FormatUint(r.lost, 10)+" lost")
	}
	if r.unknown {
		notes = append(notes, "more may be lost: the object does not count its losses")
	}
	if r.incomplete > 0 {
		notes = append(notes, strconv.FormatUint(r.incomplete, 10)+" snapshots left out because parts of them were lost")
	}
	return notes
}

// narrow takes from the widest columns of keys what the table is too wide.
func narrow(widths []int, keys, width int) {
	over := 2*(len(widths)-1) - width
	for _, w := range widths {
		over += w
	}
	for ; over > 0; over-- {
		widest := 0
		for i := range keys {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minCell {
			return
		}
		widths[widest]--
	}
}

// align pads cells to their columns, the first keys to the left and numbers to the right.
func align(cells []string, widths []int, keys int) string {
	var b strings.Builder
	for i, c := range cells {
		c = shorten(c, widths[i])
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
		if i > 0 {
			b.WriteString("  ")
		}
		if i < max(keys, 1) {
			b.WriteString(c + pad)
		} else {
			b.WriteString(pad + c)
		}
	}
	return b.String()
}

func shorten(cell string, width int) string {
	if utf8.RuneCountInString(cell) <= width {
		return cell
	}
	return string([]rune(cell)[:width-1]) + "…"
}

// appendCut appends one line, cut to width characters.
func appendCut(dst []byte, text string, width int) []byte {
	if width > 0 && utf8.RuneCountInString(text) > width {
		text = string([]rune(text)[:width])
	}
	return append(append(dst, text...), '\n')
}
