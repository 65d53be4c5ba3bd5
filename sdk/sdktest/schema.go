package sdktest

import (
	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
)

// Schema lays out records of these fields as a C compiler does: one after the other, each aligned to its size. It panics if the
// fields are not valid.
func Schema(fields ...sdk.Field) *sdk.Schema {
	s := &sdk.Schema{}
	align := uint32(1)
	for _, f := range fields {
		a := alignment(&f)
		align = max(align, a)
		f.Offset = (s.Size + a - 1) / a * a
		s.Size = f.Offset + f.Size
		s.Fields = append(s.Fields, f)
	}
	s.Size = (s.Size + align - 1) / align * align
	if err := s.Validate(); err != nil {
		panic("sdktest.Schema: " + err.Error())
	}
	return s
}

func alignment(f *sdk.Field) uint32 {
	switch f.Kind {
	case record.Text, record.Bytes:
		return 1
	case record.Array:
		return f.Elem
	}
	return f.Size
}

// Uint is an unsigned number of 1, 2, 4 or 8 bytes, shown in the format given, if any.
func Uint(name string, size uint32, format ...sdk.Format) sdk.Field {
	return sdk.Field{Name: name, Kind: record.Uint, Size: size, Format: first(format)}
}

// Int is a signed number of 1, 2, 4 or 8 bytes, shown in the format given, if any.
func Int(name string, size uint32, format ...sdk.Format) sdk.Field {
	return sdk.Field{Name: name, Kind: record.Int, Size: size, Format: first(format)}
}

// Bool is one byte that is zero or not.
func Bool(name string) sdk.Field { return sdk.Field{Name: name, Kind: record.Bool, Size: 1} }

// Enum is a number of 4 bytes; values are the names of 0, 1, 2 and so on.
func Enum(name string, values ...string) sdk.Field {
	f := sdk.Field{Name: name, Kind: record.Enum, Size: 4}
	for i, v := range values {
		f.Values = append(f.Values, record.EnumValue{Name: v, Value: int64(i)})
	}
	return f
}

// Text is characters up to a NUL or the end of the field.
func Text(name string, size uint32) sdk.Field {
	return sdk.Field{Name: name, Kind: record.Text, Size: size}
}

// Bytes is bytes, shown in the format given, if any.
func Bytes(name string, size uint32, format ...sdk.Format) sdk.Field {
	return sdk.Field{Name: name, Kind: record.Bytes, Size: size, Format: first(format)}
}

// IP is an IPv4 or IPv6 address in 16 bytes.
func IP(name string) sdk.Field { return Bytes(name, 16, record.IP) }

// Array is count numbers of elem bytes, unsigned.
func Array(name string, elem, count uint32) sdk.Field {
	return sdk.Field{Name: name, Kind: record.Array, Size: elem * count, Elem: elem}
}

func first(formats []sdk.Format) sdk.Format {
	if len(formats) == 0 {
		return record.Plain
	}
	return formats[0]
}
