package main

import "github.com/probehost/probehost/sdk"

// maxKeyBytes bounds the memory of all keys of one stream with what they show.
const maxKeyBytes = 64 << 20

// row is what is counted for one key: one number per column in each slice.
type row struct {
	cells []string // the key's fields as text
	json  []byte   // the key as JSON object
	now   []uint64 // totals
	base  []uint64 // polled maps: totals at the last reset
	grown []uint64 // by how much now grew since the last output

	next []uint64 // polled maps: totals of the snapshot that is coming in
	tick uint64   // the snapshot that next belongs to
}

// table holds the rows of one stream. It is bounded: keys beyond the bound share the row other.
type table struct {
	columns []column
	maxKeys int
	rows    map[string]*row
	other   *row
	bytes   int
	full    bool // a key found no room
}

func newTable(columns []column, maxKeys int) *table {
	t := &table{columns: columns, maxKeys: maxKeys, rows: make(map[string]*row)}
	t.other = t.newRow()
	return t
}

func (t *table) newRow() *row {
	n := len(t.columns)
	all := make([]uint64, 4*n)
	return &row{now: all[:n:n], base: all[n : 2*n : 2*n], grown: all[2*n : 3*n : 3*n], next: all[3*n:]}
}

// row returns the row of a key, made anew if there is room, else the row other. The describe function fills in what a new row shows.
func (t *table) row(key []byte, describe func(*row)) *row {
	if r, ok := t.rows[string(key)]; ok {
		return r
	}
	if len(t.rows) >= t.maxKeys || t.bytes+len(key) > maxKeyBytes {
		t.full = true
		return t.other
	}
	r := t.newRow()
	describe(r)
	t.rows[string(key)] = r
	t.bytes += r.size(len(key))
	return r
}

func (r *row) size(key int) int {
	n := key + len(r.json)
	for _, c := range r.cells {
		n += len(c)
	}
	return n
}

// add counts one event.
func (t *table) add(r *row, e sdk.Event) {
	for i := range t.columns {
		v := t.columns[i].of(e)
		r.now[i] += v
		r.grown[i] += v
	}
}

// stage adds one entry of a polled map to the snapshot that is coming in; several entries may have the same key.
func (t *table) stage(r *row, tick uint64, e sdk.Event) {
	if r.tick != tick {
		clear(r.next)
		r.tick = tick
	}
	for i := range t.columns {
		r.next[i] += t.columns[i].of(e)
	}
}

// commit makes the snapshot that has come in the current one. A number that shrank was reset, and has grown from zero since. A key that is
// no longer there is forgotten. The first snapshot has no growth: nobody knows when it was counted. Commit reports whether anything
// is different from before.
func (t *table) commit(tick uint64, first bool) (changed bool) {
	for key, r := range t.rows {
		if r.tick != tick {
			t.bytes -= r.size(len(key))
			delete(t.rows, key)
			changed = true
			continue
		}
		changed = t.advance(r, first) || changed
	}
	if t.other.tick != tick {
		clear(t.other.next)
	}
	return t.advance(t.other, first) || changed
}

func (t *table) advance(r *row, first bool) (changed bool) {
	for i, next := range r.next {
		switch {
		case first:
		case t.columns[i].less(next, r.now[i]):
			r.grown[i] += next
			r.base[i] = 0
		default:
			r.grown[i] += next - r.now[i]
		}
		changed = changed || next != r.now[i]
		r.now[i] = next
	}
	return changed
}

// less compares two numbers of the column.
func (c *column) less(a, b uint64) bool {
	if c.signed {
		return int64(a) < int64(b)
	}
	return a < b
}

// reset makes counts start anew. Polled maps count on by themselves, so what they have now is taken off from here on.
func (t *table) reset(polled bool) {
	if !polled {
		clear(t.rows)
		t.bytes, t.full = 0, false
		clear(t.other.now)
		return
	}
	for _, r := range t.rows {
		copy(r.base, r.now)
	}
	copy(t.other.base, t.other.now)
}

// settle begins a new interval of growth.
func (t *table) settle() {
	for _, r := range t.rows {
		clear(r.grown)
	}
	clear(t.other.grown)
}
