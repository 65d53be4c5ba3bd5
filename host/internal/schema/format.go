package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/probehost/probehost/sdk/record"
)

// FormatError says why a field cannot be shown as asked.
type FormatError struct {
	Field  string
	Format record.Format
	// What is wrong, in words.
	What string
	// Have are candidates for "did you mean": the fields, if there is none of that name, else the formats that fit. FieldUnknown tells which.
	Have         []string
	FieldUnknown bool
}

func (e *FormatError) Error() string {
	if e.FieldUnknown {
		return fmt.Sprintf("%s; the fields are %s", e.What, strings.Join(e.Have, ", "))
	}
	return fmt.Sprintf("%s; what fits: %s", e.What, strings.Join(e.Have, ", "))
}

// apply overrides the formats of a schema's fields.
func (fs Formats) apply(s *record.Schema) error {
	for _, name := range slices.Sorted(maps.Keys(fs)) {
		format := fs[name]
		f, ok := s.Lookup(name)
		if !ok {
			err := &FormatError{Field: name, Format: format, What: "there is no field " + name, FieldUnknown: true}
			for i := range s.Fields {
				err.Have = append(err.Have, s.Fields[i].Name)
			}
			return err
		}
		if !setFormat(f, format) {
			return misfit(f, format)
		}
	}
	return nil
}

func misfit(f *record.Field, format record.Format) error {
	err := &FormatError{Field: f.Name, Format: format}
	known := format == record.Plain
	for _, k := range formats {
		known = known || k.format == format
		if trial := *f; setFormat(&trial, k.format) {
			err.Have = append(err.Have, string(k.format))
		}
	}
	if err.What = fmt.Sprintf("field %s (%s, %s of %d bytes) cannot be shown as %s", f.Name, f.Type, f.Kind, f.Size, format); !known {
		err.What = fmt.Sprintf("there is no format %q", format)
	}
	if len(err.Have) == 0 {
		err.Have = []string{"nothing but its plain form"}
	}
	return err
}

// formats lists what each format can show.
var formats = []struct {
	format   record.Format
	min, max uint32 // bytes of a number, or of each element of an array
	address  bool   // min bytes of any kind
	bytes    bool   // bytes of any length, too, and text as the bytes that it is made of
}{
	{format: record.Hex, min: 1, max: 8, bytes: true},
	{format: record.IPv4, min: 4, address: true},
	{format: record.IPv6, min: 16, address: true},
	{format: record.IP, min: 16, address: true},
	{format: record.MAC, min: 6, address: true},
	{format: record.Port, min: 2, max: 4},
	{format: record.Protocol, min: 1, max: 8},
	{format: record.EtherType, min: 2, max: 8},
	{format: record.Interface, min: 2, max: 8},
	{format: record.User, min: 2, max: 8},
	{format: record.Group, min: 2, max: 8},
	{format: record.Errno, min: 1, max: 8},
	{format: record.Signal, min: 1, max: 8},
	{format: record.Time, min: 8, max: 8},
	{format: record.BootTime, min: 8, max: 8},
	{format: record.Duration, min: 4, max: 8},
	{format: record.Cgroup, min: 8, max: 8},
	{format: record.Family, min: 1, max: 8},
	{format: record.TCPState, min: 1, max: 8},
	{format: record.ByteSize, min: 1, max: 8},
	{format: Text, bytes: true},
}

// setFormat changes how a field is shown. It reports whether that fits the field, and leaves it alone if not.
func setFormat(f *record.Field, format record.Format) bool {
	if format == record.Plain {
		f.Format = record.Plain
		return true
	}
	for _, k := range formats {
		if k.format != format {
			continue
		}
		switch {
		case format == Text:
			return setText(f)
		case k.address:
			return f.BitSize == 0 && f.Size == k.min && setAddress(f, format)
		case k.bytes && (f.Kind == record.Bytes || f.Kind == record.Text):
			f.Kind = record.Bytes
		case f.Kind == record.Int || f.Kind == record.Uint:
			if f.Size < k.min || f.Size > k.max {
				return false
			}
		case f.Kind == record.Array:
			if f.Elem < k.min || f.Elem > k.max {
				return false
			}
		default:
			return false
		}
		f.Format = format
		return true
	}
	return false
}

// setAddress makes an address of any bytes: foreign objects keep them in numbers as well as in arrays.
func setAddress(f *record.Field, format record.Format) bool {
	switch f.Kind {
	case record.Int, record.Uint, record.Text, record.Bytes, record.Array:
		f.Kind, f.Format = record.Bytes, format
		f.Elem, f.Signed, f.BigEndian = 0, false, false
		return true
	}
	return false
}
