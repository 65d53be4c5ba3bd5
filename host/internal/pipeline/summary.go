package pipeline

import (
	"bytes"
	"fmt"
	"io"

	"github.com/probehost/probehost/host/internal/route"
)

// Summary is what went where, in records since the start.
type Summary struct {
	Streams  []StreamSummary
	Handlers []HandlerSummary
}

// StreamSummary is a line of a [Summary].
type StreamSummary struct {
	Name string // "probe.stream"
	route.StreamStats
}

// HandlerSummary is a line of a [Summary].
type HandlerSummary struct {
	Name, Plugin string
	Err          error // why it ended before its time
	route.HandlerStats
}

// Summary may be called at any time.
func (p *Pipeline) Summary() Summary {
	var s Summary
	for _, st := range p.streams {
		s.Streams = append(s.Streams, StreamSummary{Name: st.name, StreamStats: st.route.Stats()})
	}
	for _, h := range p.handlers {
		s.Handlers = append(s.Handlers, HandlerSummary{
			Name: h.plan.Config.Name, Plugin: h.plan.Config.Plugin, Err: h.failure(), HandlerStats: h.route.Stats(),
		})
	}
	return s
}

// WriteTo prints the summary as two tables for people.
func (s Summary) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	width := len("handler")
	for _, st := range s.Streams {
		width = max(width, len(st.Name))
	}
	for _, h := range s.Handlers {
		width = max(width, len(h.Name))
	}
	fmt.Fprintf(&b, "%-*s %12s %12s %12s\n", width, "stream", "read", "filtered", "lost")
	for _, st := range s.Streams {
		lost := fmt.Sprint(st.Lost)
		switch {
		case st.LossUnknown && st.Lost > 0:
			lost = ">= " + lost
		case st.LossUnknown:
			lost = "unknown"
		}
		fmt.Fprintf(&b, "%-*s %12d %12d %12s\n", width, st.Name, st.Read, st.Filtered, lost)
	}
	fmt.Fprintf(&b, "\n%-*s %12s %12s %12s %12s\n", width, "handler", "delivered", "filtered", "dropped", "failed")
	for _, h := range s.Handlers {
		fmt.Fprintf(&b, "%-*s %12d %12d %12d %12d", width, h.Name, h.Delivered, h.Filtered, h.Dropped, h.Failed)
		if h.Err != nil {
			b.WriteString("  stopped early")
		}
		b.WriteByte('\n')
	}
	return b.WriteTo(w)
}
