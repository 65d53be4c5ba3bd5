package plug

import (
	"bytes"
	"strings"
	"sync"
)

const (
	lastLines  = 8   // kept of what a process says
	panicLines = 24  // kept of what it says from a panic on
	wordBytes  = 512 // kept of each line
)

// words keeps what a process said last, for the message about its death. After a panic, that is the panic's beginning.
type words struct {
	mu    sync.Mutex
	lines []string
	panic bool
}

var panicStarts = [][]byte{[]byte("panic: "), []byte("fatal error: "), []byte("SIGSEGV: "), []byte("unexpected fault address ")}

// add adds a raw line.
func (w *words) add(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.panic {
		for _, start := range panicStarts {
			if bytes.HasPrefix(line, start) {
				w.panic, w.lines = true, nil
			}
		}
	}
	text := printable(line[:min(len(line), wordBytes)])
	switch {
	case !w.panic:
		if len(w.lines) == lastLines {
			w.lines = append(w.lines[:0], w.lines[1:]...)
		}
		w.lines = append(w.lines, text)
	case len(w.lines) < panicLines:
		w.lines = append(w.lines, text)
	}
}

// panicked reports whether the lines that come now belong to a panic.
func (w *words) panicked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.panic
}

// String returns the lines, indented, each after a line break; nothing if there are none.
func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, l := range w.lines {
		b.WriteString("\n    " + l)
	}
	return b.String()
}
