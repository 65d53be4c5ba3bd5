package probe

import (
	"encoding/binary"

	"github.com/probehost/probehost/host/internal/schema"
	"github.com/probehost/probehost/sdk/record"
)

// rowMaker makes the rows of a polled map. It uses the same memory for each.
type rowMaker struct {
	layout schema.Row
	values valueLayout
	row    []byte
	// perEntry is how many rows an entry of the map makes at most.
	perEntry int
	merges   []merge
	// skipZero leaves out values that are all zero.
	skipZero bool
}

func newRowMaker(layout schema.Row, s *record.Schema, values valueLayout, skipZero bool) *rowMaker {
	r := &rowMaker{layout: layout, values: values, row: make([]byte, layout.Size), perEntry: 1, skipZero: skipZero}
	if layout.CPU != 0 {
		r.perEntry = values.cpus
	} else if values.cpus > 1 {
		r.merges = mergesOf(layout, s)
	}
	return r
}

// begin sets what the rows of a tick have in common.
func (r *rowMaker) begin(tick, ktime uint64) {
	binary.LittleEndian.PutUint64(r.row[0:], tick)
	binary.LittleEndian.PutUint64(r.row[8:], ktime)
}

// of makes the i-th row of an entry: of the i-th CPU when CPUs are listed, else of all. It reports false for a row that is left out. The row
// is valid until the next call.
func (r *rowMaker) of(key, values []byte, i int) ([]byte, bool) {
	v := values[i*r.values.stride:][:r.values.size]
	if r.skipZero {
		if r.layout.CPU == 0 {
			v = values
		}
		if allZero(v) {
			return nil, false
		}
		v = v[:r.values.size]
	}
	copy(r.row[r.layout.Key:], key)
	into := r.row[r.layout.Value:][:r.values.size]
	copy(into, v)
	switch {
	case r.layout.CPU != 0:
		binary.LittleEndian.PutUint32(r.row[r.layout.CPU:], uint32(i))
	default:
		for cpu := 1; cpu < r.values.cpus; cpu++ {
			r.merge(into, values[cpu*r.values.stride:][:r.values.size])
		}
	}
	return r.row, true
}

func allZero(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
