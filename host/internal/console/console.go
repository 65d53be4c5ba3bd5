// Package console owns the host's standard output and error. Handlers and the log write to it at the same time: lines scroll, and below
// them each handler may keep one live block, such as a table, that is drawn again in place. Where the output is not a terminal, everything is
// appended in the order in which it came.
//
// Nobody who logs waits for whoever reads the output, be it a terminal that was stopped or a pipe to a pager. Handlers that print do, as long as
// their context allows.
package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

const (
	// redraw is the shortest time between two drawings of a terminal.
	redraw = 50 * time.Millisecond
	// maxLive bounds the live block of one handler.
	maxLive = 64 << 10
)

// Console is safe for concurrent use. Close it to have everything written.
type Console struct {
	out    *outlet
	log    *outlet // the same as out if they lead to the same place
	screen *screen // nil: standard output is not a terminal
}

// New returns a console on these files, usually [os.Stdout] and [os.Stderr]. The function failed is called at most once, when standard output cannot be
// written any more, for instance because the reader of a pipe went away; what is printed later is lost.
func New(out, log *os.File, failed func(error)) *Console {
	fd := int(out.Fd())
	var s *screen
	if term.IsTerminal(fd) && os.Getenv("TERM") != "dumb" {
		s = &screen{size: func() (int, int) {
			w, h, err := term.GetSize(fd)
			if err != nil || w < 1 || h < 1 {
				return 80, 24
			}
			return w, h
		}}
	}
	c := newConsole(out, s, failed)
	if !sameFile(out, log) && (s == nil || !term.IsTerminal(int(log.Fd()))) {
		c.log = newOutlet(log, nil, func(error) {}) // Close tells
	}
	return c
}

func newConsole(out io.Writer, s *screen, failed func(error)) *Console {
	o := newOutlet(out, s, failed)
	return &Console{out: o, log: o, screen: s}
}

func sameFile(a, b *os.File) bool {
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// Terminal returns the size of the screen in characters, or false when standard output is not a terminal.
func (c *Console) Terminal() (width, height int, ok bool) {
	if c.screen == nil {
		return 0, 0, false
	}
	width, height = c.screen.size()
	return width, height, true
}

// Print writes whole lines that a handler printed. Control characters are removed. If too much text waits already, it waits for a reader
// until ctx ends; the text is lost then.
func (c *Console) Print(ctx context.Context, _ string, text []byte) {
	c.out.print(ctx, clean(text))
}

// Live replaces the live block of a handler. Empty text removes it. Where the output is not a terminal, it is like Print.
func (c *Console) Live(ctx context.Context, handler string, text []byte) {
	text = bytes.TrimRight(clean(text[:min(len(text), maxLive)]), "\n")
	if c.screen != nil {
		c.out.change(func() { c.screen.set(handler, bytes.Clone(text)) })
	} else {
		c.out.print(ctx, text)
	}
}

// Redraw draws the live blocks anew, after the size of the terminal has changed.
func (c *Console) Redraw() {
	if c.screen != nil {
		c.out.change(func() {})
	}
}

// Log returns the writer for the host's log, which goes to standard error. It takes a whole record at a time, and never waits: records that
// find no room are lost, and [Console.Close] says how many. Control characters are removed but for the colors of the level.
func (c *Console) Log() io.Writer { return logWriter{c.log} }

type logWriter struct{ out *outlet }

func (w logWriter) Write(p []byte) (int, error) {
	w.out.try(cleanRecord(p))
	return len(p), nil
}

// Settle turns the live blocks into lines: the last of what the handlers had to show.
func (c *Console) Settle() {
	if c.screen != nil {
		c.out.change(func() { c.out.lines = append(c.out.lines, c.screen.settle()...) })
	}
}

// ErrUnread says that nobody reads standard error: what is written there next would wait.
var ErrUnread = errors.New("nobody reads it")

// Close writes what is left until ctx ends. The error says what could not be written; of standard output also when failed was told. What is
// printed later is lost.
func (c *Console) Close(ctx context.Context) error {
	c.Settle()
	if c.log == c.out {
		return outcome(ctx, "standard output", c.out)
	}
	c.log.stop() // both at the same time
	err := outcome(ctx, "standard output", c.out)
	if errors.Is(err, ErrUnread) {
		err = errors.New(err.Error()) // this one is not about standard error
	}
	return errors.Join(err, outcome(ctx, "standard error", c.log))
}

func outcome(ctx context.Context, name string, o *outlet) error {
	if err := o.close(ctx); err != nil {
		return fmt.Errorf("%s cannot be written: %w", name, err)
	}
	if n := o.lostRecords(); n > 0 {
		return fmt.Errorf("%d lines of the log were lost: %s was not read for a while", n, name)
	}
	return nil
}
