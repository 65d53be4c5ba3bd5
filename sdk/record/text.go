package record

import (
	"encoding/hex"
	"net/netip"
	"strconv"
)

// AppendText appends the field's value for people to read: numbers as the format says, text as it is, or in quotes with
// escapes when it holds anything that does not print. Nothing is appended when the record is too short for the field.
// Without a clock, times show as numbers.
func (f *Field) AppendText(dst, rec []byte, clock *Clock) []byte {
	return f.appendText(dst, rec, clock, false)
}

// AppendPair appends the field as one word, name=value: sizes have no space in them, and text with one is quoted, as is no text at all.
func (f *Field) AppendPair(dst, rec []byte, clock *Clock) []byte {
	dst = append(append(dst, f.Name...), '=')
	return f.appendText(dst, rec, clock, true)
}

// AppendText appends the whole record on one line: its fields as [Field.AppendPair] writes them, with spaces between.
func (s *Schema) AppendText(dst, rec []byte, clock *Clock) []byte {
	for i := range s.Fields {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = s.Fields[i].AppendPair(dst, rec, clock)
	}
	return dst
}

// appendText renders the field. In a pair name=value, spaces are avoided or quoted.
func (f *Field) appendText(dst, rec []byte, clock *Clock, pair bool) []byte {
	if !f.In(rec) {
		return dst
	}
	switch f.Kind {
	case Bool:
		return strconv.AppendBool(dst, f.Bool(rec))
	case Int, Uint, Enum:
		return f.appendNumber(dst, f.Uint(rec), clock, pair)
	case Text:
		return appendWord(dst, f.Bytes(rec), pair)
	case Bytes:
		return f.appendBytes(dst, f.Bytes(rec))
	case Array:
		dst = append(dst, '[')
		b := f.Bytes(rec)
		for i := range f.Len(rec) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.appendNumber(dst, f.element(b, i), clock, pair)
		}
		return append(dst, ']')
	}
	return dst
}

// appendNumber renders the number v, sign-extended to 64 bits if the field is signed.
func (f *Field) appendNumber(dst []byte, v uint64, clock *Clock, pair bool) []byte {
	if f.Kind == Enum {
		if n := f.enumName(v); n != "" {
			return appendWord(dst, n, pair)
		}
	}
	switch f.Format {
	case Plain, Port, Cgroup:
		return f.appendPlain(dst, v)
	case Hex:
		return f.appendHex(dst, v)
	case Time, BootTime:
		if clock == nil {
			return f.appendPlain(dst, v)
		}
		return appendTime(dst, clock.unix(f.Format, int64(v)))
	case Duration:
		if f.signed() && int64(v) < 0 {
			return appendDuration(append(dst, '-'), -v)
		}
		return appendDuration(dst, v)
	case ByteSize:
		if f.signed() && int64(v) < 0 {
			dst, v = append(dst, '-'), -v
		}
		if pair {
			return appendSize(dst, v, "")
		}
		return appendSize(dst, v, " ")
	}
	if n := f.name(v); n != "" {
		return appendWord(dst, n, pair)
	}
	return f.appendPlain(dst, v)
}

// name is what the field's format calls a number, or "".
func (f *Field) name(v uint64) string {
	if f.Format == Errno { // an unsigned field can hold a negative one
		v = extend(v, f.width())
	}
	return name(f.Format, int64(v))
}

// enumName finds the name of a value. Most enums count up from their first value, which makes it one step.
func (f *Field) enumName(v uint64) string {
	if len(f.Values) == 0 {
		return ""
	}
	if i := v - uint64(f.Values[0].Value); i < uint64(len(f.Values)) && uint64(f.Values[i].Value) == v {
		return f.Values[i].Name
	}
	for i := range f.Values {
		if uint64(f.Values[i].Value) == v {
			return f.Values[i].Name
		}
	}
	return ""
}

// width is the number of bits of one of the field's numbers.
func (f *Field) width() uint32 {
	switch {
	case f.BitSize != 0:
		return uint32(f.BitSize)
	case f.Kind == Array:
		return 8 * f.Elem
	}
	return 8 * f.Size
}

// signed says whether the field's numbers are.
func (f *Field) signed() bool { return f.Kind == Int || f.Signed && f.Kind != Uint }

func (f *Field) appendPlain(dst []byte, v uint64) []byte {
	if f.signed() {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return strconv.AppendUint(dst, v, 10)
}

// appendHex shows a negative number as its two's complement in the field's width.
func (f *Field) appendHex(dst []byte, v uint64) []byte {
	shift := (64 - f.width()) & 63
	return strconv.AppendUint(append(dst, '0', 'x'), v<<shift>>shift, 16)
}

// appendBytes renders raw bytes: an address, else hexadecimal digits.
func (f *Field) appendBytes(dst, b []byte) []byte {
	switch f.Format {
	case IPv4:
		return appendIPv4(dst, [4]byte(b))
	case IPv6:
		return netip.AddrFrom16([16]byte(b)).AppendTo(dst)
	case IP:
		if string(b[:12]) == mapped {
			return appendIPv4(dst, [4]byte(b[12:]))
		}
		return netip.AddrFrom16([16]byte(b)).AppendTo(dst)
	case MAC:
		for i, c := range b {
			if i > 0 {
				dst = append(dst, ':')
			}
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
		return dst
	}
	return hex.AppendEncode(dst, b)
}

// mapped begins an IPv6 address that stands for one of IPv4.
const mapped = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"

func appendIPv4(dst []byte, b [4]byte) []byte {
	for i, n := range b {
		if i > 0 {
			dst = append(dst, '.')
		}
		if n >= 100 {
			dst = append(dst, '0'+n/100)
		}
		if n >= 10 {
			dst = append(dst, '0'+n/10%10)
		}
		dst = append(dst, '0'+n%10)
	}
	return dst
}

// addressSize is the length of an address of this format, zero for other formats.
func (f Format) addressSize() uint32 {
	switch f {
	case IPv4:
		return 4
	case IPv6, IP:
		return 16
	case MAC:
		return 6
	}
	return 0
}
