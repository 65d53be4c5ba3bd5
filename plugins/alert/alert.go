package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/probehost/probehost/sdk"
)

const timeLayout = "2006-01-02T15:04:05.000000000Z"

// alert is one message of a rule. It is immutable and may be read by any number of sinks at a time.
type alert struct {
	at         time.Time // of the event
	handler    string
	rule       string
	severity   string
	message    string
	stream     string
	count      uint64 // events in the window; zero without a threshold
	suppressed uint64 // alerts held back since the last one of this rule and key
	json       []byte // the whole as one line, without its newline
}

func newAlert(handler string, r *rule, v verdict, e sdk.Event, at time.Time) *alert {
	a := &alert{
		at: at, handler: handler, rule: r.Name, severity: r.Severity, message: r.Message.Render(e),
		stream: e.Stream().String(), count: v.count, suppressed: v.suppressed,
	}
	a.json = a.appendJSON(nil, e)
	return a
}

func (a *alert) appendJSON(dst []byte, e sdk.Event) []byte {
	str := func(name, value string) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		quoted, err := json.Marshal(value)
		if err != nil {
			panic(err) // a string always marshals
		}
		dst = append(dst, quoted...)
	}
	number := func(name string, value uint64) {
		if value > 0 {
			dst = append(append(append(dst, `,"`...), name...), `":`...)
			dst = strconv.AppendUint(dst, value, 10)
		}
	}
	dst = append(dst, `{"time":"`...)
	dst = append(a.at.UTC().AppendFormat(dst, timeLayout), '"')
	str("rule", a.rule)
	str("severity", a.severity)
	str("message", a.message)
	str("handler", a.handler)
	str("stream", a.stream)
	number("count", a.count)
	number("suppressed", a.suppressed)
	dst = append(dst, `,"event":`...)
	return append(e.AppendJSON(dst), '}')
}

// line returns the alert as one line for people: with the date in a file, not on a terminal, where somebody watches.
func (a *alert) line(terminal bool) string {
	layout := time.DateTime
	if terminal {
		layout = "15:04:05.000" // as in the host's log
	}
	text := a.at.Format(layout) + " " + strings.ToUpper(a.severity) + " " + printable(a.rule) + ": " + printable(a.message)
	if a.count > 0 {
		text += " [" + strconv.FormatUint(a.count, 10) + " events]"
	}
	if a.suppressed > 0 {
		text += " [" + strconv.FormatUint(a.suppressed, 10) + " alike before]"
	}
	return text + "\n"
}

// printable escapes what could control a terminal or look like more than one line.
func printable(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
