package cli

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Bounds of one excerpt.
const (
	maxExcerpt = 8    // lines
	maxLine    = 1000 // bytes
)

// excerpt returns a file in which all lines before the range are empty and none follows it, and the range in that file; nil, if there is
// nothing fit to be shown. The writer of HCL goes through the whole file for each diagnostic, slowly, and prints lines of any length.
func excerpt(f *hcl.File, r hcl.Range) (*hcl.Range, *hcl.File) {
	if f == nil || r.Start.Byte > len(f.Bytes) || r.End.Byte > len(f.Bytes) || r.End.Byte < r.Start.Byte {
		return &r, nil
	}
	start := bytes.LastIndexByte(f.Bytes[:r.Start.Byte], '\n') + 1
	if end := endOfLine(f.Bytes, r.Start.Byte); r.End.Line-r.Start.Line >= maxExcerpt {
		r.End = hcl.Pos{Line: r.Start.Line, Column: r.Start.Column + end - r.Start.Byte, Byte: end}
	}
	text := f.Bytes[start:endOfLine(f.Bytes, r.End.Byte)]
	for line := range bytes.Lines(text) {
		if len(line) > maxLine {
			return &r, nil
		}
	}
	padding := bytes.Repeat([]byte("\n"), r.Start.Line-1)
	moved := start - len(padding)
	r.Start.Byte -= moved
	r.End.Byte -= moved
	return &r, &hcl.File{Bytes: append(padding, visible(text)...), Nav: nav{f.Nav, moved}}
}

func endOfLine(src []byte, from int) int {
	if n := bytes.IndexByte(src[from:], '\n'); n >= 0 {
		return from + n
	}
	return len(src)
}

// nav names the block that a place is in, for an excerpt whose bytes have moved.
type nav struct {
	whole any
	moved int
}

// ContextString is what the writer of HCL looks for.
func (n nav) ContextString(offset int) string {
	if whole, ok := n.whole.(interface{ ContextString(int) string }); ok {
		return whole.ContextString(offset + n.moved)
	}
	return ""
}

// visible replaces what would steer a terminal, or is no text, byte by byte so that positions stay.
func visible(src []byte) []byte {
	clean := bytes.Clone(src)
	for i := 0; i < len(clean); {
		r, n := utf8.DecodeRune(clean[i:])
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == utf8.RuneError && n == 1 {
			copy(clean[i:i+n], "??")
		}
		i += n
	}
	return clean
}
