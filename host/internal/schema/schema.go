// Package schema derives a record's schema from its BTF type.
//
//   - Structs flatten to "outer.inner"; members of unions share their offset; anonymous members add no prefix.
//   - Numbers of 1, 2, 4 and 8 bytes, bools, enums and bit fields are fields of their kind; pointers are hexadecimal numbers.
//   - Arrays of char are text, arrays of unsigned bytes are bytes or, going by their name, text, arrays of numbers are arrays. Other arrays flatten to "a[0].b" up
//     to 16 elements and 64 fields; larger ones are bytes.
//   - What has no kind of its own (floating point, numbers of 16 bytes) is bytes.
//   - A flexible array at the end takes what is left of the record. Padding is left out: gaps, and members called pad or padding
//     (with any underscores and digits around).
//   - Typedefs that say how a value is shown are in display.go; [Formats] overrides them by field name.
//
// BTF comes with the object and is taken as hostile: time, memory and depth are bounded by the constants below, and what
// exceeds them is an error that names the field.
package schema

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

const (
	// MaxFields is how many fields a schema has at most.
	MaxFields = 1024
	// MaxSize is the size in bytes of the largest record that has a schema.
	MaxSize = 1 << 20

	maxShown      = 4 * MaxSize // bytes of all fields: the members of a union share bytes, and each shows them
	maxDepth      = 16          // structs and arrays inside each other
	maxSteps      = 64 << 10    // types looked at
	maxEnumNames  = 16 << 10    // over all fields; enums beyond are numbers
	maxName       = 255         // bytes of a field's name
	flattenElems  = 16
	flattenFields = 64
)

// Formats overrides how fields are shown, by field name. The formats are those of package record and [Text].
type Formats map[string]record.Format

// Record returns the schema of records of type t. A record that is not a struct has one field, called "value" or as
// [Row] describes it for keys.
func Record(t btf.Type, formats Formats) (*record.Schema, error) {
	size, err := sizeOf(t)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	if err := b.part("", t, 0, size); err != nil {
		return nil, err
	}
	return b.finish(size, formats)
}

// sizeOf returns the size of a whole record of type t.
func sizeOf(t btf.Type) (uint32, error) {
	if fwd, ok := btf.As[*btf.Fwd](t); ok {
		return 0, fmt.Errorf("%s %s is declared but not defined in the object", fwd.Kind, fwd.Name)
	}
	size, err := btf.Sizeof(t)
	if err != nil {
		return 0, fmt.Errorf("type %s has no size", TypeName(t))
	}
	if size > MaxSize {
		return 0, fmt.Errorf("type %s has %d bytes, more than the %d allowed for a record", TypeName(t), size, MaxSize)
	}
	return uint32(size), nil
}

// finish makes the schema of what has been added.
func (b *builder) finish(size uint32, formats Formats) (*record.Schema, error) {
	fields := b.fields
	slices.SortStableFunc(fields, func(x, y record.Field) int {
		return cmp.Compare(8*uint64(x.Offset)+uint64(x.BitOffset), 8*uint64(y.Offset)+uint64(y.BitOffset))
	})
	fields = dropFlexible(fields)
	if len(fields) == 0 {
		return nil, errors.New("the record has no fields")
	}
	s := &record.Schema{Fields: slices.Clip(fields), Size: size}
	return s, formats.apply(s)
}

// dropFlexible keeps a flexible array only where it can be read: as the single one, after all else.
func dropFlexible(fields []record.Field) []record.Field {
	var end uint32
	flexible := 0
	for i := range fields {
		end = max(end, fields[i].Offset+fields[i].Size)
		if fields[i].Size == 0 {
			flexible++
		}
	}
	return slices.DeleteFunc(fields, func(f record.Field) bool {
		return f.Size == 0 && (flexible > 1 || f.Offset < end)
	})
}
