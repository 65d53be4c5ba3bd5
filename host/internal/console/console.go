// Package console owns the host's standard output and error. Handlers and the log write to it at the same time: lines scroll, and below
// them each handler may keep one live block, such as a table, that is drawn again in place. Where the output is not a terminal, everything is
// appended in the order in which it came.
package console

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	// redraw is the shortest time between two drawings of a terminal.
	redraw = 50 * time.Millisecond
	// maxPending is how much text waits for the next drawing; more is written at once.
	maxPending = 256 << 10
	// maxLive bounds the live block of one handler.
	maxLive = 64 << 10
)

// Console is safe for concurrent use. Close it to leave the terminal with all that was printed.
type Console struct {
	out, log io.Writer
	failed   func(error)
	tty      bool
	size     func() (width, height int)

	mu      sync.Mutex
	pending bytes.Buffer // lines for the terminal
	blocks  []block
	dirty   bool
	drawn   int // lines of live blocks on the screen
	timer   *time.Timer
	last    time.Time
	err     error
	closed  bool
}

type block struct {
	handler string
	text    []byte
}

// New returns a console on these files, usually [os.Stdout] and [os.Stderr]. The function failed is called at most once, when standard output cannot be
// written any more, for instance because the reader of a pipe went away; what is printed later is lost.
func New(out, log *os.File, failed func(error)) *Console {
	c := &Console{out: out, log: log, failed: failed}
	if fd := int(out.Fd()); term.IsTerminal(fd) && os.Getenv("TERM") != "dumb" {
		c.tty = true
		c.size = func() (int, int) {
			w, h, err := term.GetSize(fd)
			if err != nil || w < 1 || h < 1 {
				return 80, 24
			}
			return w, h
		}
		if term.IsTerminal(int(log.Fd())) {
			c.log = nil // the same screen: log lines scroll with the others
		}
	}
	return c
}

// Terminal returns the size of the screen in characters, or false when standard output is not a terminal.
func (c *Console) Terminal() (width, height int, ok bool) {
	if !c.tty {
		return 0, 0, false
	}
	width, height = c.size()
	return width, height, true
}

// Print writes whole lines that a handler printed. Control characters are removed.
func (c *Console) Print(_ string, text []byte) {
	text = clean(text)
	if len(text) == 0 {
		return
	}
	if text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines(text)
}

// Live replaces the live block of a handler. Empty text removes it.
func (c *Console) Live(handler string, text []byte) {
	text = bytes.TrimRight(clean(text[:min(len(text), maxLive)]), "\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.tty {
		if len(text) > 0 {
			c.lines(append(text, '\n'))
		}
		return
	}
	c.set(handler, text)
	c.draw(false)
}

func (c *Console) set(handler string, text []byte) {
	c.dirty = true
	for i := range c.blocks {
		if c.blocks[i].handler == handler {
			if len(text) == 0 {
				c.blocks = append(c.blocks[:i], c.blocks[i+1:]...)
			} else {
				c.blocks[i].text = text
			}
			return
		}
	}
	if len(text) > 0 {
		c.blocks = append(c.blocks, block{handler, text})
	}
}

// Log returns the writer for the host's log, which goes to standard error.
func (c *Console) Log() io.Writer { return logWriter{c} }

type logWriter struct{ c *Console }

func (w logWriter) Write(p []byte) (int, error) {
	if w.c.log != nil {
		return w.c.log.Write(p)
	}
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.lines(p)
	return len(p), nil
}

// Close draws what is pending and leaves the live blocks as the last lines on the screen. It returns the error that ended the output, if any.
func (c *Console) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tty {
		c.draw(true)
		c.drawn, c.blocks = 0, nil
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	c.closed = true
	return c.err
}

// lines prints text that ends in a newline.
func (c *Console) lines(text []byte) {
	if !c.tty {
		c.write(text)
		return
	}
	c.pending.Write(text)
	c.dirty = true
	c.draw(c.pending.Len() > maxPending || c.closed)
}

func (c *Console) write(p []byte) {
	if c.err != nil {
		return
	}
	if _, err := c.out.Write(p); err != nil {
		c.err = err
		if c.failed != nil {
			go c.failed(err)
		}
	}
}
