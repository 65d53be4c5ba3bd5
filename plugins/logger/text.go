package main

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/probehost/probehost/plugins/internal/eventtime"
	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
)

const (
	timeLayout = "2006-01-02T15:04:05.000000Z"
	// screenLayout is for a person who watches: local time, as in the host's log.
	screenLayout = "15:04:05.000"
	// maxWidth bounds the width of a column, so that one long value does not push all others to the right for ever.
	maxWidth = 40
)

// textEncoder writes "time stream name=value name=value ...". Each value takes as much room as the widest before it, so that columns
// settle after a few lines.
type textEncoder struct {
	screen func() int // the width of the terminal that lines go to, zero if it is none
	head   []byte     // the stream's name and spaces
	time   *sdk.Field // nil: the stream has none
	fields []*sdk.Field
	widths []int // of name=value
	brief  bool  // fields that say nothing are left out
}

func newTextEncoder(s *sdk.Stream, names []sdk.FieldName, width int, screen func() int) *textEncoder {
	t := &textEncoder{
		screen: screen, head: pad([]byte(s.String()), len(s.String()), width), time: eventtime.Field(s), brief: len(names) == 0,
	}
	for _, f := range selected(s, names) {
		if f != t.time {
			t.fields = append(t.fields, f)
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
	line, screen := len(dst), t.screen()
	dst = t.start(dst, at, screen > 0)
	room := 0 // left in the column before
	for i, f := range t.fields {
		if t.brief && blank(e, f) {
			continue
		}
		dst = append(pad(dst, 0, room), ' ')
		start := len(dst)
		dst = e.AppendFieldPair(dst, f)
		n := utf8.RuneCount(dst[start:])
		t.widths[i] = max(t.widths[i], min(n, len(f.Name)+1+maxWidth))
		room = t.widths[i] - n
	}
	if screen > 0 {
		dst = cut(dst, line, screen)
	}
	return append(dst, '\n')
}

func (t *textEncoder) lost(dst []byte, n uint64, arrived time.Time) []byte {
	dst = append(t.start(dst, arrived, t.screen() > 0), " lost="...)
	return append(strconv.AppendUint(dst, n, 10), '\n')
}

func (t *textEncoder) start(dst []byte, at time.Time, screen bool) []byte {
	if screen {
		dst = at.Local().AppendFormat(dst, screenLayout)
	} else {
		dst = at.UTC().AppendFormat(dst, timeLayout)
	}
	return append(append(dst, ' '), t.head...)
}

// blank reports whether the field says nothing: a flag that is not set, no text, no port, no address, no time. Numbers always say something.
func blank(e sdk.Event, f *sdk.Field) bool {
	switch {
	case !f.In(e.Record()):
		return true
	case f.Kind == record.Text:
		return len(e.Bytes(f)) == 0
	case f.Kind == record.Bytes:
		return f.Format == record.MAC && len(bytes.Trim(e.Bytes(f), "\x00")) == 0
	case f.Kind == record.Bool:
		return !e.Bool(f)
	}
	switch f.Format {
	case record.Port, record.Hex, record.Signal, record.Time, record.BootTime:
		return f.Kind != record.Array && e.Uint64(f) == 0
	}
	return false
}

// cut shortens the line that begins at start to width characters.
func cut(dst []byte, start, width int) []byte {
	if utf8.RuneCount(dst[start:]) <= width {
		return dst
	}
	end := start
	for range width - 1 {
		_, n := utf8.DecodeRune(dst[end:])
		end += n
	}
	return append(dst[:end], "…"...)
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
