package pipeline

import (
	"fmt"
	"strings"

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
	Err          error // why it ended before it had handled everything
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

// String is two tables for people. In the first, read = filtered + what each handler of the stream was offered; in the second,
// offered = delivered + filtered + dropped, and what is pending while the pipeline runs.
func (s Summary) String() string {
	width := len("handler")
	for _, st := range s.Streams {
		width = max(width, len(st.Name))
	}
	for _, h := range s.Handlers {
		width = max(width, len(h.Name))
	}
	var b strings.Builder
	row := func(name string, cells ...any) {
		fmt.Fprintf(&b, "%-*s", width, name)
		for _, c := range cells {
			fmt.Fprintf(&b, " %12v", c)
		}
	}
	row("stream", "read", "filtered", "lost")
	for _, st := range s.Streams {
		lost := fmt.Sprint(st.Lost)
		switch {
		case st.LossUnknown && st.Lost > 0:
			lost = ">= " + lost
		case st.LossUnknown:
			lost = "unknown"
		}
		b.WriteByte('\n')
		row(st.Name, st.Read, st.Filtered, lost)
	}
	b.WriteString("\n\n")
	row("handler", "offered", "delivered", "filtered", "dropped", "failed")
	for _, h := range s.Handlers {
		b.WriteByte('\n')
		row(h.Name, h.Offered, h.Delivered, h.Filtered, h.Dropped, h.Failed)
		if h.Pending > 0 {
			fmt.Fprintf(&b, "  %d pending", h.Pending)
		}
		if h.Err != nil {
			b.WriteString("  " + firstLine(h.Err))
		}
	}
	b.WriteByte('\n')
	return b.String()
}
