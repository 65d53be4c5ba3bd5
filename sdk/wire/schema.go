package wire

import (
	"fmt"
	"strings"

	"github.com/probehost/probehost/sdk/record"
)

// maxText bounds the names that [record.Schema.Validate] does not look at, in bytes.
const maxText = 4096

// Text returns the text as a protobuf string can hold it: what is not UTF-8 becomes U+FFFD. One such byte, from a file's name or the names in an
// object, would keep the whole message from being sent.
func Text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// EncodeSchema returns the fields of s for [Stream.Fields]; its size goes to [Stream.Size].
func EncodeSchema(s *record.Schema) []*Field {
	fields := make([]*Field, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		w := &Field{
			Name: Text(f.Name), Kind: uint32(f.Kind), Format: string(f.Format), Offset: f.Offset, Size: f.Size, Elem: f.Elem, Signed: f.Signed,
			BigEndian: f.BigEndian, BitOffset: uint32(f.BitOffset), BitSize: uint32(f.BitSize), Type: Text(f.Type),
		}
		for _, v := range f.Values {
			w.Values = append(w.Values, &EnumValue{Name: Text(v.Name), Value: v.Value})
		}
		fields[i] = w
	}
	return fields
}

// DecodeSchema returns the schema of records of that size with these fields, or an error if it is not a valid one.
func DecodeSchema(size uint32, fields []*Field) (*record.Schema, error) {
	if len(fields) > record.MaxFields {
		return nil, fmt.Errorf("schema has %d fields, more than %d", len(fields), record.MaxFields)
	}
	s := &record.Schema{Size: size, Fields: make([]record.Field, len(fields))}
	values := 0
	for i, w := range fields {
		if values += len(w.GetValues()); values > record.MaxValues {
			return nil, fmt.Errorf("schema has more than %d named values", record.MaxValues)
		}
		if err := decodeField(&s.Fields[i], w); err != nil {
			return nil, err
		}
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return s, nil
}

func decodeField(f *record.Field, w *Field) error {
	if len(w.GetType()) > maxText {
		return fmt.Errorf("field %q: the name of its type is longer than %d bytes", w.GetName(), maxText)
	}
	if w.GetKind() > 0xff || w.GetBitOffset() > 0xff || w.GetBitSize() > 0xff {
		return fmt.Errorf("field %q: kind %d, bit offset %d or bit size %d is out of range", w.GetName(), w.GetKind(), w.GetBitOffset(), w.GetBitSize())
	}
	*f = record.Field{
		Name: w.GetName(), Kind: record.Kind(w.GetKind()), Format: record.Format(w.GetFormat()), Offset: w.GetOffset(), Size: w.GetSize(),
		Elem: w.GetElem(), Signed: w.GetSigned(), BigEndian: w.GetBigEndian(), BitOffset: uint8(w.GetBitOffset()), BitSize: uint8(w.GetBitSize()),
		Type: w.GetType(),
	}
	for _, v := range w.GetValues() {
		if len(v.GetName()) > maxText {
			return fmt.Errorf("field %q: the name of a value is longer than %d bytes", f.Name, maxText)
		}
		f.Values = append(f.Values, record.EnumValue{Name: v.GetName(), Value: v.GetValue()})
	}
	return nil
}
