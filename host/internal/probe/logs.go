package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/batch"
)

// What probe_log.bpf.h declares.
const (
	logStream   = "probe_logs"
	logLevelVar = "probe_log_level"
	logHeader   = 16                 // u64 time, u32 level, u32 program; then the text
	logProgram  = 0x70726f62655f6964 // "probe_id", which the host replaces by the index of the program
)

// objectLevel returns the value of probe_log_level that stands for a level.
func objectLevel(level hclog.Level) uint32 {
	switch level {
	case hclog.Trace, hclog.Debug:
		return 4
	case hclog.Info:
		return 3
	case hclog.Warn:
		return 2
	case hclog.Error:
		return 1
	default:
		return 0
	}
}

// hostLevel is the inverse. A level out of range is a mistake that should be seen.
func hostLevel(level uint32) hclog.Level {
	switch level {
	case 1:
		return hclog.Error
	case 2:
		return hclog.Warn
	case 4:
		return hclog.Debug
	default:
		return hclog.Info
	}
}

// objectLog returns the log for an object's lines. An object that is asked for lines below the log's level gets them through.
func objectLog(log hclog.Logger, level hclog.Level) hclog.Logger {
	if level == hclog.NoLevel || level >= log.GetLevel() {
		return log
	}
	own := log.With()
	own.SetLevel(level)
	return own
}

// logPump carries an object's log lines to the host's log, from start to stop.
type logPump struct {
	log      hclog.Logger
	programs []string // by index
	reader   reader

	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (p *logPump) start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.done.Go(func() {
		if err := p.reader.run(ctx, p.batch); err != nil {
			p.log.Error("the object's log lines cannot be read any further", "error", err)
		}
	})
}

// stop returns after all lines written so far are in the log. It may be called without start, and again.
func (p *logPump) stop() {
	if p.cancel != nil {
		p.cancel()
		p.done.Wait()
	}
}

func (p *logPump) batch(b *batch.Batch) {
	defer b.Release()
	for i := range b.Count {
		p.line(b.Record(i))
	}
	if b.Gap.Lost > 0 {
		p.log.Warn("log lines of the object did not fit the ring", "lost", b.Gap.Lost)
	}
}

func (p *logPump) line(rec []byte) {
	if len(rec) < logHeader {
		p.log.Warn("log line of the object is too short to have a level", "bytes", len(rec))
		return
	}
	level, program := binary.NativeEndian.Uint32(rec[8:]), binary.NativeEndian.Uint32(rec[12:])
	name := "unknown"
	if uint64(program) < uint64(len(p.programs)) {
		name = p.programs[program]
	}
	text, _, _ := bytes.Cut(rec[logHeader:], []byte{0})
	p.log.Log(hostLevel(level), printable(text), "program", name)
}

// printable returns text without anything that could move a terminal's cursor or begin a line of its own. Programs print what processes
// and packets say, and those may be hostile.
func printable(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(escape(text[0]))
		case r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			for _, c := range text[:n] {
				b.WriteString(escape(c))
			}
		}
		text = text[n:]
	}
	return strings.TrimRight(b.String(), " ")
}

func escape(c byte) string {
	const digits = "0123456789abcdef"
	if c == '\n' {
		return `\n`
	}
	return `\x` + string([]byte{digits[c>>4], digits[c&15]})
}
