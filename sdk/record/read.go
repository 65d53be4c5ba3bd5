package record

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// In reports whether the record reaches far enough to hold the field. A number or an address must be there as a
// whole. Text, an array and bytes without an address format may be cut at the record's end, and a flexible field
// may be empty.
func (f *Field) In(rec []byte) bool {
	n, start := uint64(len(rec)), uint64(f.Offset)
	switch {
	case f.Size == 0:
		return n >= start
	case f.Kind == Array:
		return n >= start+uint64(max(f.Elem, 1))
	case f.cuttable():
		return n > start
	}
	return n >= start+uint64(f.Size)
}

// cuttable says whether the first part of the field means something without the rest.
func (f *Field) cuttable() bool {
	return f.Kind == Text || f.Kind == Array || f.Kind == Bytes && f.Format.addressSize() == 0
}

// Uint returns the value of a [Bool], [Int], [Uint] or [Enum] field, else zero. A negative number comes as its two's
// complement of 64 bits: Uint and [Field.Int] return the same bits.
func (f *Field) Uint(rec []byte) uint64 {
	if f.Kind < Bool || f.Kind > Enum {
		return 0
	}
	end := uint64(f.Offset) + uint64(f.Size)
	if uint64(len(rec)) < end {
		return 0
	}
	v, width := load(rec[f.Offset:end], f.BigEndian), 8*f.Size
	if f.BitSize != 0 {
		width = uint32(f.BitSize)
		v = v >> (f.BitOffset & 63) & (^uint64(0) >> ((64 - width) & 63))
	}
	if f.Kind == Int || f.Signed && f.Kind == Enum {
		return extend(v, width)
	}
	return v
}

// Int returns the value of a [Bool], [Int], [Uint] or [Enum] field, else zero. An unsigned number above the largest
// int64 comes out negative; see [Field.Uint].
func (f *Field) Int(rec []byte) int64 { return int64(f.Uint(rec)) }

// Bool reports whether a number is other than zero.
func (f *Field) Bool(rec []byte) bool { return f.Uint(rec) != 0 }

// Bytes returns the field's bytes in the record, without a copy: they are valid as long as the record is. [Text] ends
// before the first NUL. It is nil for a field that the record is too short for.
func (f *Field) Bytes(rec []byte) []byte {
	if !f.In(rec) {
		return nil
	}
	b := rec[f.Offset:]
	if f.Size != 0 && uint64(len(b)) > uint64(f.Size) {
		b = b[:f.Size]
	}
	if f.Kind == Text {
		if i := bytes.IndexByte(b, 0); i >= 0 {
			b = b[:i]
		}
	}
	return slices.Clip(b)
}

// Time returns the wall time of a number with the format [Time] or [BootTime]. It is the zero time for other fields,
// without a clock, and when the record is too short.
func (f *Field) Time(rec []byte, clock *Clock) time.Time {
	if clock == nil || f.Format != Time && f.Format != BootTime || f.Kind > Enum || !f.In(rec) {
		return time.Time{}
	}
	return time.Unix(0, clock.unix(f.Format, f.Int(rec)))
}

// unix converts a reading of the clock that format names to nanoseconds since 1970.
func (c *Clock) unix(format Format, ns int64) int64 {
	if format == BootTime {
		return c.Boot + ns
	}
	return c.Monotonic + ns
}

// Len returns the number of whole elements of an [Array] that are in the record, else zero.
func (f *Field) Len(rec []byte) int {
	if f.Kind != Array || f.Elem == 0 {
		return 0
	}
	return len(f.Bytes(rec)) / int(f.Elem)
}

// At returns element i of an [Array], as [Field.Uint] does, and zero outside of [Field.Len].
func (f *Field) At(rec []byte, i int) uint64 {
	if i < 0 || i >= f.Len(rec) {
		return 0
	}
	return f.element(f.Bytes(rec), i)
}

// element reads element i of the array's bytes b, which hold it.
func (f *Field) element(b []byte, i int) uint64 {
	size := int(f.Elem)
	v := load(b[i*size:(i+1)*size], f.BigEndian)
	if f.Signed {
		return extend(v, 8*f.Elem)
	}
	return v
}

// load reads an unsigned number of 1, 2, 4 or 8 bytes; of another length, zero.
func load(b []byte, big bool) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		if big {
			return uint64(binary.BigEndian.Uint16(b))
		}
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		if big {
			return uint64(binary.BigEndian.Uint32(b))
		}
		return uint64(binary.LittleEndian.Uint32(b))
	case 8:
		if big {
			return binary.BigEndian.Uint64(b)
		}
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// extend copies the sign of a number of width bits into the bits above.
func extend(v uint64, width uint32) uint64 {
	shift := (64 - width) & 63
	return uint64(int64(v<<shift) >> shift)
}
