package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk/sdktest"
)

func TestConfigErrors(t *testing.T) {
	dir := t.TempDir()
	cases := map[string]struct {
		config object
		want   string
	}{
		"key twice":      {object{"key": []any{"saddr", "dport", "saddr"}}, "key[2]: saddr is in the list already"},
		"sum twice":      {object{"sum": []any{"size", "size"}}, "sum[1]: size is in the list already"},
		"no stream fits": {object{"key": []any{"saddr", "packets"}}, "key: no stream of this handler has all of these fields"},
		"sum of text":    {object{"sum": []any{"size", "saddr"}}, "sum[1]: saddr of net.packets is not an amount to add up (format ip)"},
		"sum of times":   {object{"sum": "time"}, "sum[0]: time of net.packets is not an amount to add up (format time)"},
		"top":            {object{"top": 0}, "top: must be from 1 to 10000"},
		"max_keys":       {object{"max_keys": -1}, "max_keys: must be from 1"},
		"every":          {object{"every": 1}, "every: must be at least 10ms"},
		"reset":          {object{"reset": "soon"}, `reset: "soon" is neither "never" nor "every" nor a duration`},
		"reset negative": {object{"reset": "-1s"}, "reset: "},
		"format":         {object{"format": "xml"}, "format: "},
		"no folder":      {object{"output": filepath.Join(dir, "none", "x")}, "output: the folder " + filepath.Join(dir, "none") + " does not exist"},
		"two at once":    {object{"top": 0, "reset": "x"}, "top: must be from 1 to 10000 reset: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := fmt.Sprint(sdktest.Validate(t, counterType, sdktest.Options{Config: c.config}, packets(), protocols()))
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := sdktest.Validate(t, counterType, sdktest.Options{Config: object{"key": "saddr"}}, packets(), protocols()); got != nil {
		t.Errorf("a key that only one stream has: %v", got)
	}
}

func TestStreamWithoutKeyIsLeftOut(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		events, polled := packets(), protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "saddr", "format": "json"}}, events, polled)
		run.Tick(polled, rows("tcp", 7)...)
		run.Send(events, object{"saddr": "192.0.2.1"})
		run.Close()
		check(t, parse(t, run.Stdout()), "saddr", "events", "192.0.2.1:1 total:1")
		if logs := run.Logs(); len(logs) != 1 || logs[0].Level != "warn" || logs[0].Attrs["stream"] != "net.protocols" {
			t.Errorf("logged %v, want a warning about net.protocols", logs)
		}
	})
}
