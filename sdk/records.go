package sdk

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Records returns the batch's records as Go structs. T has a field for each field of the record that is of interest, of the same size
// and at the same offset, named alike (CamelCase for snake_case) or by a tag `probe:"name"`; what lies between is covered by fields named _.
// A field "outer.inner" is one of a nested struct, or has a tag with its whole name.
//
// A signed number or an enum is an intN; an unsigned number or an enum a uintN; a bool a uint8; text, bytes and anything in network byte
// order a [N]byte; an array of numbers an array. Pointers, strings, slices, bools and floats are not allowed anywhere in T.
//
// Whether T fits is checked once per stream. The error names each field that does not, and where it should be.
// The slice is a view of the batch, or a copy where records are longer than T: it is valid until HandleBatch returns, and must
// not be changed. The error may also be about one batch: when a record in it is shorter than T.
func Records[T any](b *Batch) ([]T, error) {
	t := reflect.TypeFor[T]()
	l := b.stream.layout(t)
	if l.err != nil {
		return nil, fmt.Errorf("sdk.Records: %s does not fit the records of %s: %w", t, b.stream, l.err)
	}
	w := b.wire
	if w.Count == 0 {
		return nil, nil
	}
	size := unsafe.Sizeof(*new(T))
	start := unsafe.Pointer(unsafe.SliceData(w.Records))
	if uintptr(w.Stride) == size && uintptr(start)%unsafe.Alignof(*new(T)) == 0 {
		return unsafe.Slice((*T)(start), int(w.Count)), nil
	}
	return copyRecords[T](b, int(size))
}

func copyRecords[T any](b *Batch, size int) ([]T, error) {
	all := make([]T, b.Len())
	for i := range all {
		rec := b.record(i)
		if len(rec) < size {
			return nil, fmt.Errorf("sdk.Records: record %d of %s has %d bytes, %s needs %d", i, b.stream, len(rec), reflect.TypeFor[T](), size)
		}
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&all[i])), size), rec)
	}
	return all, nil
}
