package sdk

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/probehost/probehost/sdk/record"
)

// layout is whether a Go type lies in memory as a stream's records do.
type layout struct{ err error }

func newLayout(t reflect.Type, s *Schema) *layout {
	if t.Kind() != reflect.Struct || t.Size() == 0 {
		return &layout{errors.New("it is not a struct with fields")}
	}
	if t.Size() > uintptr(s.Size) && s.Size > 0 {
		return &layout{fmt.Errorf("it has %d bytes, a record %d", t.Size(), s.Size)}
	}
	m := matcher{schema: s}
	m.fields(t, 0, "")
	return &layout{errors.Join(m.errs...)}
}

// matcher compares the fields of a struct with those of a schema.
type matcher struct {
	schema *Schema
	errs   []error
}

// fields compares those of the struct t, which begins at offset and whose fields' names begin with prefix.
func (m *matcher) fields(t reflect.Type, offset uintptr, prefix string) {
	for f := range t.Fields() {
		at := offset + f.Offset
		name := prefix + f.Name
		tag := f.Tag.Get("probe")
		var err error
		switch {
		case f.Name == "_":
			err = plain(f.Type)
		case f.Type.Kind() == reflect.Struct && tag == "":
			if f.Anonymous {
				m.fields(f.Type, at, prefix)
			} else {
				m.fields(f.Type, at, name+".")
			}
		default:
			err = m.field(f.Type, at, name, tag)
		}
		if err != nil {
			m.errs = append(m.errs, fmt.Errorf("field %s %s: %w", name, f.Type, err))
		}
	}
}

func (m *matcher) field(t reflect.Type, offset uintptr, name, tag string) error {
	f := m.lookup(name, tag)
	switch {
	case f == nil && tag != "":
		return fmt.Errorf("the records have no field %q", tag)
	case f == nil:
		return errors.New("the records have no field of this name; a tag `probe:\"name\"` can name it")
	case f.BitSize > 0:
		return fmt.Errorf("%s is a bit field; read it with Event.Uint64 and cover its place by a field named _", f.Name)
	case uintptr(f.Offset) != offset:
		return fmt.Errorf("it is at offset %d, %s at %d", offset, f.Name, f.Offset)
	}
	if want, ok := goType(f); !ok || !same(t, want, f) {
		return fmt.Errorf("%s must be %s here", describe(f), want)
	}
	return nil
}

// lookup finds the schema's field by its tag, or by its name without regard to case and underscores.
func (m *matcher) lookup(name, tag string) *Field {
	fold := strings.NewReplacer("_", "")
	for i := range m.schema.Fields {
		f := &m.schema.Fields[i]
		if tag != "" && f.Name == tag || tag == "" && strings.EqualFold(fold.Replace(f.Name), fold.Replace(name)) {
			return f
		}
	}
	return nil
}

// goType returns the text of the Go type that a field must have.
func goType(f *Field) (string, bool) {
	bytes := fmt.Sprintf("[%d]byte", f.Size)
	switch f.Kind {
	case record.Bool:
		return fmt.Sprintf("uint%d", 8*f.Size), f.Size > 0
	case record.Int, record.Enum, record.Uint:
		if f.BigEndian && f.Size > 1 {
			return bytes, true
		}
		sign := "u"
		if f.Kind == record.Int || f.Kind == record.Enum && f.Signed {
			sign = ""
		}
		return fmt.Sprintf("%sint%d", sign, 8*f.Size), true
	case record.Text, record.Bytes:
		if f.Size == 0 {
			return "read with Event.Bytes, as its length varies,", false
		}
		return bytes, true
	case record.Array:
		if f.Size == 0 || f.Elem == 0 {
			return "read with Event.Bytes, as its length varies,", false
		}
		if f.BigEndian && f.Elem > 1 {
			return bytes, true
		}
		sign := "u"
		if f.Signed {
			sign = ""
		}
		return fmt.Sprintf("[%d]%sint%d", f.Size/f.Elem, sign, 8*f.Elem), true
	}
	return "left out", false
}

// same reports whether t is the wanted type, has it underneath, or holds the same bits: an enum may have either sign, text be of int8, and any
// field an array of bytes.
func same(t reflect.Type, want string, f *Field) bool {
	text := underlying(t)
	switch {
	case text == want, text == fmt.Sprintf("[%d]uint8", f.Size):
		return true
	case f.Kind == record.Enum:
		return strings.TrimPrefix(text, "u") == strings.TrimPrefix(want, "u")
	case f.Kind == record.Text:
		return text == fmt.Sprintf("[%d]int8", f.Size)
	}
	return false
}

// underlying returns a type's text without the names that Go code gave to numbers and arrays.
func underlying(t reflect.Type) string {
	if t.Kind() == reflect.Array {
		return fmt.Sprintf("[%d]%s", t.Len(), underlying(t.Elem()))
	}
	return t.Kind().String()
}

func describe(f *Field) string {
	text := fmt.Sprintf("%s (%s, %d bytes", f.Name, f.Kind, f.Size)
	if f.BigEndian {
		text += ", network byte order"
	}
	return text + ")"
}

// plain reports an error for types that the bytes of a record must not become: a pointer made of them would crash the
// garbage collector, even in a field named _.
func plain(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Array:
		return plain(t.Elem())
	}
	return errors.New("padding must be made of integers of a fixed size")
}
