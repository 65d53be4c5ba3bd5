package plug

import "github.com/hashicorp/go-hclog"

// output takes what a plugin process writes, and logs it.
type output struct {
	log   hclog.Logger
	words words
}

// stderr takes a line of standard error: a log line of package sdk, or anything else.
func (o *output) stderr(line []byte) {
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
func (o *output) stdout(line []byte) { o.log.Info(printable(line), "from", "stdout") }
