package plug

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// entry is a line that a plugin logged.
type entry struct {
	level   hclog.Level
	message string
	args    []any
}

// parseEntry reads a line of hclog's JSON, as package sdk writes it. It reports false if it is none. Nothing about the values is taken for
// granted: what should be text and is not shows as the JSON that it is.
func parseEntry(line []byte) (entry, bool) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return entry{}, false
	}
	e := entry{level: hclog.Info}
	found := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return entry{}, false
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return entry{}, false
		}
		switch name, _ := key.(string); name {
		case "@message":
			e.message, found = text(raw), true
		case "@level":
			if level := hclog.LevelFromString(text(raw)); level != hclog.NoLevel && level != hclog.Off {
				e.level = level
			}
		case "@timestamp", "@module": // the host has its own
		default:
			e.args = append(e.args, printable([]byte(strings.TrimPrefix(name, "@"))), value(raw))
		}
	}
	if _, err := d.Token(); err != nil {
		return entry{}, false
	}
	_, err := d.Token()
	return e, found && err == io.EOF
}

// text returns the text of a JSON string, and anything else as JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return printable([]byte(s))
	}
	return printable(raw)
}

// value returns what the logger is to show for a JSON value.
func value(raw json.RawMessage) any {
	switch raw[0] {
	case '"':
		return text(raw)
	case '{', '[':
		return printable(raw)
	case 't', 'f':
		return raw[0] == 't'
	case 'n':
		return nil
	}
	return json.Number(raw)
}
