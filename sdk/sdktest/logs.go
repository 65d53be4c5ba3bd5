package sdktest

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
)

// Log is a line that the plugin logged.
type Log struct {
	Level   string // trace, debug, info, warn, error
	Message string
	Attrs   map[string]any // as JSON decodes them; groups are maps
}

// logs collects what the plugin writes to its log.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) all(tb testing.TB) []Log {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Log
	for line := range bytes.Lines(l.text.Bytes()) {
		var attrs map[string]any
		if err := json.Unmarshal(line, &attrs); err != nil {
			tb.Fatalf("sdktest: the log line %q is not JSON: %v", line, err)
		}
		log := Log{Attrs: attrs}
		log.Level, _ = attrs["@level"].(string)
		log.Message, _ = attrs["@message"].(string)
		for _, key := range []string{"@level", "@message", "@timestamp", "@module"} {
			delete(attrs, key)
		}
		out = append(out, log)
	}
	return out
}
