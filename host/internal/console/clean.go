package console

import (
	"bytes"
	"regexp"
	"unicode"
	"unicode/utf8"
)

// clean returns the text without what could steer a terminal or turn text around: control characters but for newlines, tabs as spaces, bytes
// that are no UTF-8 replaced. What plugins, processes and packets say is hostile. The result may be the text itself.
func clean(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f) }) {
		return text
	}
	out := make([]byte, 0, len(text)+1)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == '\n':
			out = append(out, '\n')
		case r == '\t':
			out = append(out, ' ')
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		case r == utf8.RuneError && size == 1:
			out = append(out, '?')
		default:
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return out
}

// header is the beginning of a record of hclog's as text: the time, and the level, in color or not.
var header = regexp.MustCompile(`^([0-9TZ:.+-]+ (\x1b\[[0-9;]*m)?\[[A-Z?]+\] *)(\x1b\[[0-9;]*m)?`)

// cleanRecord is clean for a record of the log, but leaves the color that the logger gave to the level. Where a message has several lines,
// none of them can pass for another record.
func cleanRecord(p []byte) []byte {
	at := header.FindSubmatchIndex(p)
	if at == nil {
		return clean(p)
	}
	out := append(make([]byte, 0, len(p)+16), p[:at[3]]...)
	if colored := at[4] >= 0; colored {
		out = append(out, "\x1b[0m"...) // the logger leaves it out when standard output is not a terminal
	}
	first := true
	for line := range bytes.Lines(clean(p[at[1]:])) {
		if !first && line[0] != ' ' {
			out = append(out, "    "...)
		}
		out, first = append(out, line...), false
	}
	return out
}
