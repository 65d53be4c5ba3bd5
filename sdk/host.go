package sdk

import (
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/probehost/probehost/sdk/wire"
)

// Host is the host as a handler sees it. Any number of goroutines may use it, at any time between open and the end of Close.
type Host struct {
	name     string
	log      *slog.Logger
	streams  []*Stream
	output   *output
	terminal atomic.Pointer[wire.Terminal]
}

// Name returns the handler's name: NAME in `handler "type" "NAME"`.
func (h *Host) Name() string { return h.name }

// Log returns a logger into the host's log.
func (h *Host) Log() *slog.Logger { return h.log }

// Streams returns the streams that the handler subscribed to, in the order of its `from`. The list must not be changed.
func (h *Host) Streams() []*Stream { return h.streams }

// Stdout returns a writer to the host's standard output. What is written shows line by line; an incomplete line waits for its end, or
// for that of the handler. The host removes control characters, and keeps the lines of several handlers apart.
//
// Up to 1 MiB waits for the host. If it is full, a Write waits for room, for a second at most, and then fails with an error that wraps
// [ErrOutputFull]: the text is lost, and the loss is logged. Until there is room again, further writes fail at once.
func (h *Host) Stdout() io.Writer { return (*lineWriter)(h.output) }

// Live shows a block of text, on a terminal in place of the block before. Elsewhere each block is appended, so call it no more often than a
// reader of a file would like. It does not block: a block that the host has not taken yet is replaced by the next.
func (h *Host) Live(text string) { h.output.live(text) }

// Terminal returns the size in characters of the terminal that the host's standard output is, as of now. It reports false if it is none.
func (h *Host) Terminal() (width, height int, ok bool) {
	t := h.terminal.Load()
	if t.GetWidth() == 0 || t.GetHeight() == 0 {
		return 0, 0, false
	}
	return int(t.Width), int(t.Height), true
}
