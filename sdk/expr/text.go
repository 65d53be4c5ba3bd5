package expr

import (
	"bytes"
	"strings"
	"sync"

	"github.com/probehost/probehost/sdk/record"
)

// sameBytes compiles Eq and Ne of strings or bytes.
func (c compiler) sameBytes(a, b *Node, want bool) condition {
	if a.Op == Const {
		a, b = b, a
	}
	if a.Op == FieldRef && b.Op == Const {
		return sameAsConst(c.field(a), b.Str, want)
	}
	if plain(a) && plain(b) {
		x, y := c.view(a), c.view(b)
		return func(rec []byte) bool { return bytes.Equal(x(rec), y(rec)) == want }
	}
	return c.rendered(a, b, func(x, y []byte) bool { return bytes.Equal(x, y) == want })
}

// sameAsConst compares a field with a constant without looking for the end of the text: when the constant is there and a NUL
// or the field's end follows, they are the same.
func sameAsConst(f *record.Field, k string, want bool) condition {
	off, end := extent(f)
	size := len(k)
	text := f.Kind == record.Text
	switch {
	case text && strings.IndexByte(k, 0) >= 0, f.Size != 0 && size > int(f.Size):
		return always(!want)
	case text:
		return func(rec []byte) bool {
			b := part(rec, off, end)
			return (len(b) >= size && string(b[:size]) == k && (len(b) == size || b[size] == 0)) == want
		}
	case size == int(f.Size) && size > 0:
		return func(rec []byte) bool { return (len(rec) >= end && string(rec[off:end]) == k) == want }
	}
	return func(rec []byte) bool { return (string(f.Bytes(rec)) == k) == want }
}

// search compiles StartsWith, EndsWith and Contains.
func (c compiler) search(n *Node) condition {
	a, b := n.Args[0], n.Args[1]
	if n.Op == StartsWith && a.Op == FieldRef && b.Op == Const {
		return startsWithConst(c.field(a), b.Str)
	}
	test := bytes.Contains
	switch n.Op {
	case StartsWith:
		test = bytes.HasPrefix
	case EndsWith:
		test = bytes.HasSuffix
	}
	if plain(a) && plain(b) {
		x, y := c.view(a), c.view(b)
		return func(rec []byte) bool { return test(x(rec), y(rec)) }
	}
	return c.rendered(a, b, test)
}

func startsWithConst(f *record.Field, k string) condition {
	if strings.IndexByte(k, 0) >= 0 {
		return always(false)
	}
	off, end := extent(f)
	return func(rec []byte) bool {
		b := part(rec, off, end)
		return len(b) >= len(k) && string(b[:len(k)]) == k
	}
}

// extent is where the field's bytes begin and end, at most; a flexible field has no end of its own.
func extent(f *record.Field) (off, end int) {
	off = int(f.Offset)
	if f.Size == 0 {
		return off, record.MaxSize
	}
	return off, off + int(f.Size)
}

// part is what the record has of the bytes from off to end.
func part(rec []byte, off, end int) []byte {
	if end > len(rec) {
		end = len(rec)
	}
	if off >= end {
		return nil
	}
	return rec[off:end]
}

// plain says that the value of a node of type String or Bytes lies in the record or in the tree: nothing has to be rendered.
func plain(n *Node) bool {
	return n.Op == Const || n.Op == FieldRef || n.Op == Cond && plain(n.Args[1]) && plain(n.Args[2])
}

// view compiles a node that is plain.
func (c compiler) view(n *Node) view {
	switch n.Op {
	case Const:
		k := []byte(n.Str)
		return func([]byte) []byte { return k }
	case FieldRef:
		return c.field(n).Bytes
	}
	test, a, b := c.condition(n.Args[0]), c.view(n.Args[1]), c.view(n.Args[2])
	return func(rec []byte) []byte {
		if test(rec) {
			return a(rec)
		}
		return b(rec)
	}
}

// scratch holds buffers for text that is rendered only to be compared.
// One that a huge record made grow is not kept.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 256); return &b }}

const maxScratch = 64 << 10

// rendered applies a test to two values of which at least one has to be rendered.
func (c compiler) rendered(a, b *Node, test func(a, b []byte) bool) condition {
	x, y := c.value(a), c.value(b)
	return func(rec []byte) bool {
		buffer := scratch.Get().(*[]byte)
		text := x((*buffer)[:0], rec, nil)
		middle := len(text)
		text = y(text, rec, nil)
		result := test(text[:middle], text[middle:])
		if cap(text) <= maxScratch {
			*buffer = text
			scratch.Put(buffer)
		}
		return result
	}
}

// value compiles a String outside of template positions to something that appends it.
func (c compiler) value(n *Node) appender {
	if plain(n) {
		v := c.view(n)
		return func(dst, rec []byte, _ *record.Clock) []byte { return append(dst, v(rec)...) }
	}
	if n.Op == Cond {
		return c.choice(n, c.value)
	}
	return c.shown(n.Args[0]) // Text is all that is left
}
