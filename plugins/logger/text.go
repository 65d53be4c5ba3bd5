package main

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/probehost/probehost/plugins/internal/eventtime"
	"github.com/probehost/probehost/sdk"
)

const (
	timeLayout = "2006-01-02T15:04:05.000000Z"
	// maxWidth bounds the width of a column, so that one long value does not push all others to the right for ever.
	maxWidth = 40
)

// textEncoder writes "time stream name=value name=value ...". Each value takes as much room as the widest before it, so that columns
// settle after a few lines.
type textEncoder struct {
	head   []byte     // the stream's name and spaces
	time   *sdk.Field // nil: the stream has none
	names  [][]byte   // field=
	fields []*sdk.Field
	widths []int
}

func newTextEncoder(s *sdk.Stream, names []sdk.FieldName, width int) *textEncoder {
	t := &textEncoder{head: pad([]byte(s.String()), len(s.String()), width), time: eventtime.Field(s)}
	for _, f := range selected(s, names) {
		if f != t.time {
			t.fields = append(t.fields, f)
			t.names = append(t.names, []byte(f.Name+"="))
		}
	}
	t.widths = make([]int, len(t.fields))
	return t
}

func (t *textEncoder) event(dst []byte, e sdk.Event, arrived time.Time) []byte {
	at := arrived
	if t.time != nil && t.time.In(e.Record()) {
		at = e.Time(t.time)
	}
	dst = t.start(dst, at)
	for i, f := range t.fields {
		dst = append(append(dst, ' '), t.names[i]...)
		start := len(dst)
		dst = quote(e.AppendFieldText(dst, f), start)
		if i == len(t.fields)-1 {
			break
		}
		n := utf8.RuneCount(dst[start:])
		t.widths[i] = max(t.widths[i], min(n, maxWidth))
		dst = pad(dst, n, t.widths[i])
	}
	return append(dst, '\n')
}

func (t *textEncoder) lost(dst []byte, n uint64, arrived time.Time) []byte {
	dst = append(t.start(dst, arrived), " lost="...)
	return append(strconv.AppendUint(dst, n, 10), '\n')
}

func (t *textEncoder) start(dst []byte, at time.Time) []byte {
	dst = at.UTC().AppendFormat(dst, timeLayout)
	return append(append(dst, ' '), t.head...)
}

// quote makes the value that begins at start one word: in double quotes, unless it is in quotes already or cannot be misread.
func quote(dst []byte, start int) []byte {
	value := dst[start:]
	if len(value) > 0 && (value[0] == '"' || !bytes.ContainsAny(value, ` ="`)) {
		return dst
	}
	n := len(value)
	room := 2 + bytes.Count(value, []byte{'"'}) + bytes.Count(value, []byte{'\\'})
	dst = pad(dst, 0, room)
	to := len(dst) - 1 // backwards, so that nothing is overwritten before it has moved
	dst[to] = '"'
	for i := start + n - 1; i >= start; i-- {
		to--
		c := dst[i]
		dst[to] = c
		if c == '"' || c == '\\' {
			to--
			dst[to] = '\\'
		}
	}
	dst[start] = '"'
	return dst
}

func pad(dst []byte, have, want int) []byte {
	for ; have < want; have++ {
		dst = append(dst, ' ')
	}
	return dst
}

// textNotice is the line for lines that could not be written.
func textNotice(dst []byte, lost uint64) []byte {
	dst = time.Now().UTC().AppendFormat(dst, timeLayout)
	return append(strconv.AppendUint(append(dst, " lost_lines="...), lost, 10), '\n')
}
