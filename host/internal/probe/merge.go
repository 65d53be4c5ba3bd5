package probe

import (
	"encoding/binary"

	"github.com/probehost/probehost/host/internal/schema"
	"github.com/probehost/probehost/sdk/record"
)

// mergeRule is how the values of a field on all CPUs become one.
type mergeRule uint8

const (
	sum    mergeRule = iota // counts: numbers, sizes, durations; wraps around at the field's width
	newest                  // times
	first                   // anything else: of the first CPU where it is not zero
)

// merge applies a rule to a run of elements of a value.
type merge struct {
	rule      mergeRule
	off, size int // of an element; any size for first
	count     int
	big       bool
	mask      uint64 // of a bit field, else zero
}

// mergesOf returns what to do with the values of the CPUs after the first. Members of a union share bytes: the first member decides.
func mergesOf(layout schema.Row, s *record.Schema) []merge {
	var merges []merge
	var end uint64 // bits of the value that are spoken for
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Offset < layout.Value || f.Size == 0 {
			continue
		}
		start := uint64(f.Offset-layout.Value)*8 + uint64(f.BitOffset)
		if start < end {
			continue
		}
		if end = start + uint64(f.Size)*8; f.BitSize != 0 {
			end = start + uint64(f.BitSize)
		}
		merges = append(merges, mergeOf(f, int(f.Offset-layout.Value)))
	}
	return join(merges)
}

func mergeOf(f *record.Field, off int) merge {
	m := merge{rule: first, off: off, size: int(f.Size), count: 1, big: f.BigEndian}
	if f.BitSize != 0 {
		m.mask = (^uint64(0) >> (64 - f.BitSize)) << f.BitOffset
		return m
	}
	counts := f.Format == record.Plain || f.Format == record.ByteSize || f.Format == record.Duration
	switch {
	case (f.Kind == record.Int || f.Kind == record.Uint) && counts:
		m.rule = sum
	case f.Kind == record.Array && counts:
		m.rule, m.size, m.count = sum, int(f.Elem), int(f.Size/f.Elem)
	case f.Format == record.Time || f.Format == record.BootTime:
		m.rule = newest
		if f.Kind == record.Array {
			m.size, m.count = int(f.Elem), int(f.Size/f.Elem)
		}
	}
	return m
}

// join makes one run of sums that follow each other.
func join(merges []merge) []merge {
	var joined []merge
	for _, m := range merges {
		if n := len(joined) - 1; n >= 0 {
			last := &joined[n]
			if m.rule == sum && last.rule == sum && m.size == last.size && m.big == last.big && m.off == last.off+last.size*last.count {
				last.count += m.count
				continue
			}
		}
		joined = append(joined, m)
	}
	return joined
}

// merge adds another CPU's value to one.
func (r *rowMaker) merge(into, value []byte) {
	for i := range r.merges {
		m := &r.merges[i]
		switch {
		case m.mask != 0:
			m.bits(into, value)
		case m.rule == first:
			if a, b := into[m.off:][:m.size], value[m.off:][:m.size]; allZero(a) {
				copy(a, b)
			}
		default:
			m.numbers(into, value)
		}
	}
}

func (m *merge) numbers(into, value []byte) {
	if m.rule == sum && m.size == 8 && !m.big {
		for off := m.off; off < m.off+8*m.count; off += 8 {
			b := into[off:][:8]
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)+binary.LittleEndian.Uint64(value[off:][:8]))
		}
		return
	}
	for i := range m.count {
		off := m.off + i*m.size
		a, b := loadNumber(into[off:][:m.size], m.big), loadNumber(value[off:][:m.size], m.big)
		if m.rule == sum {
			a += b
		} else {
			a = max(a, b)
		}
		storeNumber(into[off:][:m.size], a, m.big)
	}
}

func (m *merge) bits(into, value []byte) {
	a := loadNumber(into[m.off:][:m.size], false)
	if a&m.mask == 0 {
		storeNumber(into[m.off:][:m.size], a|loadNumber(value[m.off:][:m.size], false)&m.mask, false)
	}
}

// loadNumber reads a number of 1, 2, 4 or 8 bytes.
func loadNumber(b []byte, big bool) (v uint64) {
	for i, c := range b {
		if big {
			v = v<<8 | uint64(c)
		} else {
			v |= uint64(c) << (8 * i)
		}
	}
	return v
}

// storeNumber writes the lower bytes of a number.
func storeNumber(b []byte, v uint64, big bool) {
	for i := range b {
		if big {
			b[len(b)-1-i] = byte(v)
		} else {
			b[i] = byte(v)
		}
		v >>= 8
	}
}
