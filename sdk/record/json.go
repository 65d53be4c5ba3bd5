package record

import "strconv"

// AppendJSON appends the whole record as one JSON object, with the fields' names as keys.
func (s *Schema) AppendJSON(dst, rec []byte, clock *Clock) []byte {
	dst = append(dst, '{')
	for i := range s.Fields {
		f := &s.Fields[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), f.Name...), '"', ':') // valid names need no escapes
		dst = f.AppendJSON(dst, rec, clock)
	}
	return append(dst, '}')
}

// AppendJSON appends the field's value as JSON:
//
//   - numbers as numbers, of 64 bits too; so are durations (nanoseconds) and sizes (bytes); in the format [Hex] as "0x1f"
//   - what has a name (enums, protocols, users, errors, ...) as a string, and as a number when the value has no name
//   - addresses as strings, other bytes as a string of hexadecimal digits
//   - text as a string; bytes that are not UTF-8 become U+FFFD, characters that do not print are escaped
//   - times as RFC 3339 in UTC with nanoseconds; without a clock, as numbers
//   - arrays as arrays
//   - null when the record is too short for the field
func (f *Field) AppendJSON(dst, rec []byte, clock *Clock) []byte {
	if !f.In(rec) {
		return append(dst, "null"...)
	}
	switch f.Kind {
	case Bool:
		return strconv.AppendBool(dst, f.Bool(rec))
	case Int, Uint, Enum:
		return f.appendNumberJSON(dst, f.Uint(rec), clock)
	case Text:
		return appendJSONString(dst, f.Bytes(rec))
	case Bytes:
		return append(f.appendBytes(append(dst, '"'), f.Bytes(rec)), '"')
	case Array:
		dst = append(dst, '[')
		b := f.Bytes(rec)
		for i := range f.Len(rec) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.appendNumberJSON(dst, f.element(b, i), clock)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

func (f *Field) appendNumberJSON(dst []byte, v uint64, clock *Clock) []byte {
	if f.Kind == Enum {
		if n := f.enumName(v); n != "" {
			return appendJSONString(dst, n)
		}
	}
	switch f.Format {
	case Plain, Port, Cgroup, Duration, ByteSize:
		return f.appendPlain(dst, v)
	case Hex:
		return append(f.appendHex(append(dst, '"'), v), '"')
	case Time, BootTime:
		if clock == nil {
			return f.appendPlain(dst, v)
		}
		return append(appendTime(append(dst, '"'), clock.unix(f.Format, int64(v))), '"')
	}
	if n := f.name(v); n != "" {
		return appendJSONString(dst, n)
	}
	return f.appendPlain(dst, v)
}
