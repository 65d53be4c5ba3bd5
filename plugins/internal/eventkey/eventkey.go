// Package eventkey turns fields of an event into bytes that are equal for events that have the same values there, and for no others.
package eventkey

import (
	"encoding/binary"
	"slices"

	"github.com/probehost/probehost/sdk"
)

// Append appends the key that the fields make in event e. It does not allocate when dst has room, so that looking up
// m[string(key)] costs nothing but the look-up.
func Append(dst []byte, e sdk.Event, fields []*sdk.Field) []byte {
	for _, f := range fields {
		switch rec := e.Record(); {
		case !f.In(rec):
			dst = append(dst, 0) // not the same as a value of zero
		case f.BitSize != 0:
			dst = append(dst, 1)
			dst = binary.LittleEndian.AppendUint64(dst, f.Uint(rec))
		default:
			value := f.Bytes(rec)
			dst = binary.AppendUvarint(dst, 1+uint64(len(value))) // so that "ab","c" is not "a","bc"
			dst = append(dst, value...)
		}
	}
	return dst
}

// Validate refuses a list of fields, the attribute at that path, that has a field twice.
func Validate(path sdk.Path, names []sdk.FieldName) error {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return sdk.Errorf(append(slices.Clip(path), i), "%s is in the list already", name)
		}
	}
	return nil
}

// Fields returns the fields of those names in the stream's schema, and the names that it has not.
func Fields(s *sdk.Stream, names []sdk.FieldName) (fields []*sdk.Field, missing []sdk.FieldName) {
	for _, name := range names {
		if f, ok := name.In(s); ok {
			fields = append(fields, f)
		} else {
			missing = append(missing, name)
		}
	}
	return fields, missing
}
