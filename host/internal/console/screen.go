package console

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// screen is what a terminal shows: lines that scroll, and below them the live blocks of the handlers, which are drawn again in place.
type screen struct {
	size   func() (width, height int)
	blocks []block
	drawn  []int // the width of each line of live blocks on the terminal
}

type block struct {
	handler string
	text    []byte
}

// set replaces the block of a handler; empty text removes it.
func (s *screen) set(handler string, text []byte) {
	for i := range s.blocks {
		if s.blocks[i].handler == handler {
			if len(text) == 0 {
				s.blocks = append(s.blocks[:i], s.blocks[i+1:]...)
			} else {
				s.blocks[i].text = text
			}
			return
		}
	}
	if len(text) > 0 {
		s.blocks = append(s.blocks, block{handler, text})
	}
}

// settle removes the blocks and returns their lines.
func (s *screen) settle() (lines []byte) {
	for _, b := range s.blocks {
		lines = append(append(lines, b.text...), '\n')
	}
	s.blocks = nil
	return lines
}

// draw appends what brings the terminal up to date: the lines scroll in, above the live blocks.
func (s *screen) draw(b *bytes.Buffer, lines []byte) {
	width, height := s.size()
	if up := s.rows(width, height); up > 0 { // back to where the live blocks begin, and clear from there on
		b.WriteString("\x1b[" + strconv.Itoa(up) + "A\r\x1b[J")
	}
	b.Write(lines)
	s.live(b, width, height)
}

// rows is how many rows of the terminal, whose size may have changed, the live blocks take. A terminal that became narrower has broken
// lines; one that became lower has moved the uppermost out of reach.
func (s *screen) rows(width, height int) int {
	n := 0
	for _, cells := range s.drawn {
		n += max(1, (cells+width-1)/width)
	}
	return min(n, height-1)
}

// live appends the live blocks, cut to the screen. Without automatic line breaks each line takes one row, even if the terminal and we do not
// agree on the width of a character.
func (s *screen) live(b *bytes.Buffer, width, height int) {
	s.drawn = s.drawn[:0]
	if len(s.blocks) == 0 {
		return
	}
	b.WriteString("\x1b[?7l")
	for _, blk := range s.blocks {
		for line := range bytes.Lines(blk.text) {
			if len(s.drawn) == height-1 {
				break
			}
			text, cells := cut(bytes.TrimRight(line, "\n"), width)
			b.Write(text)
			b.WriteByte('\n')
			s.drawn = append(s.drawn, cells)
		}
	}
	b.WriteString("\x1b[?7h")
}

// cut returns as much of a line as fits a number of cells, and how many cells that takes.
func cut(line []byte, most int) (text []byte, cells int) {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		n := cellsOf(r)
		if cells+n > most {
			return line[:i], cells
		}
		cells += n
		i += size
	}
	return line, cells
}

// cellsOf is how many cells of a terminal a character takes.
func cellsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
