package plug

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxLine is how much of a line of a plugin's output is kept, in bytes.
const maxLine = 16 << 10

// readLines calls line for each line of r, without its end, cut to maxLine bytes, until r ends. Empty lines are left out. The bytes are
// valid during the call.
func readLines(r io.Reader, line func(text []byte)) {
	b := bufio.NewReaderSize(r, maxLine)
	var kept []byte // the beginning of a line that is longer than the buffer
	cut := 0        // what followed it
	for {
		text, err := b.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if kept == nil {
				kept = bytes.Clone(text)
			} else {
				cut += len(text)
			}
			continue
		}
		text = bytes.TrimRight(text, "\r\n")
		if kept != nil {
			text = fmt.Appendf(kept, "... (%d bytes more)", cut+len(text))
			kept, cut = nil, 0
		}
		if len(text) > 0 {
			line(text)
		}
		if err != nil {
			return // the end of the process, or of our patience
		}
	}
}

// lineWriter cuts what is written to it into lines. One that is longer than maxLine becomes several.
type lineWriter struct {
	line func(text []byte)

	mu  sync.Mutex
	buf []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		head, tail, whole := bytes.Cut(p, []byte("\n"))
		if room := maxLine - len(w.buf); len(head) >= room {
			head, tail, whole = p[:room], p[room:], true // go on with the rest as a line of its own
		}
		w.buf = append(w.buf, head...)
		if whole {
			if text := bytes.TrimRight(w.buf, "\r"); len(text) > 0 {
				w.line(text)
			}
			w.buf = w.buf[:0]
		}
		p = tail
	}
	return n, nil
}

// printable returns the text with what could confuse a terminal or a reader of logs made visible.
func printable(text []byte) string {
	plain := true
	for _, r := range string(text) {
		if r == utf8.RuneError || !unicode.IsPrint(r) && r != '\t' {
			plain = false
			break
		}
	}
	if plain {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unicode.IsPrint(r) || r == '\t':
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.String()
}
