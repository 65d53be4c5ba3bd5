package plug

import (
	"bytes"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// maxLogLines is how many lines a plugin may log in a second. Reading one and logging it takes the host some 10 µs.
const maxLogLines = 5000

// output takes what a plugin process writes, and logs it.
type output struct {
	log   hclog.Logger
	words words

	mu    sync.Mutex
	since time.Time // the second that lines are counted in
	lines int       // in this second
	left  int       // lines left out and not yet reported
}

func newOutput(log hclog.Logger) *output { return &output{log: log} }

// stderr takes a line of standard error: a log line of package sdk, or anything else.
func (o *output) stderr(line []byte) {
	if !o.admit() {
		if !bytes.HasPrefix(line, []byte("{")) {
			o.words.add(line)
		}
		return
	}
	if e, ok := parseEntry(line); ok && !o.words.panicked() {
		if e.level >= hclog.Error {
			o.words.add([]byte(e.message)) // may be why it is about to exit
		}
		o.log.Log(e.level, e.message, e.args...)
		return
	}
	o.words.add(line)
	level := hclog.Info
	if o.words.panicked() {
		level = hclog.Debug // shown as a whole when the process is gone
	}
	o.log.Log(level, printable(line), "from", "stderr")
}

// stdout takes a line that the plugin printed past Host.Stdout.
func (o *output) stdout(line []byte) {
	if o.admit() {
		o.log.Info(printable(line), "from", "stdout")
	}
}

// admit counts a line and reports whether it may be logged.
func (o *output) admit() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := time.Now(); now.Sub(o.since) >= time.Second {
		o.report()
		o.since, o.lines = now, 0
	}
	if o.lines++; o.lines > maxLogLines {
		o.left++
		return false
	}
	return true
}

// end is called when there is nothing more to come.
func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.report()
}

// report logs how many lines were left out. The caller holds mu.
func (o *output) report() {
	if o.left > 0 {
		o.log.Warn("the plugin logs too much, lines are left out", "lines", o.left)
	}
	o.left = 0
}
