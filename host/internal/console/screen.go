package console

import (
	"bytes"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// draw brings the terminal up to date, now or, unless it must be now, at the end of the pause between two drawings.
func (c *Console) draw(now bool) {
	if !c.dirty {
		return
	}
	if wait := redraw - time.Since(c.last); !now && wait > 0 {
		if c.timer == nil {
			c.timer = time.AfterFunc(wait, c.tick)
		} else {
			c.timer.Reset(wait)
		}
		return
	}
	width, height := c.size()
	var b bytes.Buffer
	if c.drawn > 0 { // back to where the live blocks begin, and clear from there on
		b.WriteString("\x1b[" + strconv.Itoa(c.drawn) + "A\r\x1b[J")
	}
	c.pending.WriteTo(&b)
	c.drawn = c.live(&b, width, height)
	c.write(b.Bytes())
	c.dirty, c.last = false, time.Now()
}

func (c *Console) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.draw(true)
	}
}

// live appends the live blocks, cut to the screen so that each of their lines takes one row, and returns the number of rows.
func (c *Console) live(b *bytes.Buffer, width, height int) int {
	rows := 0
	for _, blk := range c.blocks {
		for line := range bytes.Lines(blk.text) {
			if rows == height-1 {
				return rows
			}
			b.Write(cut(bytes.TrimRight(line, "\n"), width))
			b.WriteByte('\n')
			rows++
		}
	}
	return rows
}

// cut returns the first width characters of a line.
func cut(line []byte, width int) []byte {
	n := 0
	for i := 0; i < len(line); n++ {
		if n == width {
			return line[:i]
		}
		_, size := utf8.DecodeRune(line[i:])
		i += size
	}
	return line
}

// clean returns the text without control characters but for newlines, tabs as spaces, and bytes that are no UTF-8 replaced, so that
// nothing a plugin or a traced process says can steer the terminal.
func clean(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f) }) {
		return slices.Clip(text)
	}
	out := make([]byte, 0, len(text)+1)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == '\n':
			out = append(out, '\n')
		case r == '\t':
			out = append(out, ' ')
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0:
		case r == utf8.RuneError && size == 1:
			out = append(out, '?')
		default:
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return out
}
