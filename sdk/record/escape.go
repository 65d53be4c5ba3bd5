package record

import (
	"strconv"
	"unicode/utf8"
)

// Text in records is written by whoever named a process or a file. What reaches a terminal, a log or a JSON reader
// must hold no control characters, no terminal escapes and no invisible characters that turn the direction of text.

const hexDigits = "0123456789abcdef"

// plain marks the ASCII characters that stand for themselves inside quotes.
var plain = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendJSONString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD, and characters that do not print
// are escaped.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < utf8.RuneSelf {
			dst = appendJSONEscape(dst, rune(c))
			i++
		} else {
			r, n := decode(s[i:])
			if n > 1 && strconv.IsPrint(r) {
				dst = append(dst, s[i:i+n]...)
			} else {
				dst = appendJSONEscape(dst, r)
			}
			i += n
		}
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendJSONEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if r > 0xffff { // JSON escapes are UTF-16
		r -= 0x10000
		dst = appendHex16(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return appendHex16(dst, r)
}

func appendHex16(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// appendWord appends s as it is when that cannot be misread, else in double quotes with the escapes of Go. In a line of
// several values (pair), a space, an equals sign or emptiness calls for quotes too.
func appendWord[T string | []byte](dst []byte, s T, pair bool) []byte {
	quote := pair && len(s) == 0 || len(s) > 0 && s[0] == '"'
	for i := 0; i < len(s) && !quote; {
		c := s[i]
		switch {
		case plain[c]:
			quote = pair && (c == ' ' || c == '=')
			i++
		case c == '\\':
			i++
		case c == '"':
			quote = pair
			i++
		case c < utf8.RuneSelf:
			quote = true
		default:
			r, n := decode(s[i:])
			quote = n == 1 || !strconv.IsPrint(r)
			i += n
		}
	}
	if !quote {
		return append(dst, s...)
	}
	return appendQuoted(dst, s)
}

// appendQuoted appends s in double quotes, in printable characters only. Bytes that are not UTF-8 show as \xNN.
func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := decode(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, '\\', 'x', hexDigits[s[i]>>4], hexDigits[s[i]&15])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+n]...)
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < 0x80:
			dst = append(dst, '\\', 'x', hexDigits[r>>4], hexDigits[r&15])
		case r <= 0xffff:
			dst = appendHex16(dst, r)
		default:
			dst = append(dst, '\\', 'U', '0', '0', hexDigits[r>>20&15], hexDigits[r>>16&15],
				hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		}
		i += n
	}
	return append(dst, '"')
}

// decode reads the first character of s, which is not empty.
func decode[T string | []byte](s T) (rune, int) {
	var first [utf8.UTFMax]byte
	return utf8.DecodeRune(first[:copy(first[:], s)])
}
