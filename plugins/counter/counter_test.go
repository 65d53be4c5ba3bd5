package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

func packets() *sdktest.Stream {
	return &sdktest.Stream{Probe: "net", Name: "packets", Schema: sdktest.Schema(
		sdktest.Uint("time", 8, record.Time), sdktest.IP("saddr"), sdktest.Uint("size", 4), sdktest.Int("delta", 8),
		sdktest.Uint("dport", 2, record.Port), sdktest.Uint("protocol", 2, record.Protocol),
	)}
}

func protocols() *sdktest.Stream {
	return &sdktest.Stream{Probe: "net", Name: "protocols", Source: sdk.Poll, Interval: time.Second, Schema: sdktest.Schema(
		sdktest.Uint("tick", 8), sdktest.Uint("time", 8, record.Time),
		sdktest.Uint("protocol", 4, record.Protocol), sdktest.Uint("packets", 8), sdktest.Uint("bytes", 8),
	)}
}

type object = map[string]any

// numbers are the numbers of one line of the JSON output.
type numbers struct {
	Key   object                  `json:"key"`
	Keys  int                     `json:"keys"`
	Count map[string]json.Number  `json:"count"`
	Rate  map[string]*json.Number `json:"rate"`
	Share *float64                `json:"share"`
}

type output struct {
	Time       time.Time `json:"time"`
	Stream     string    `json:"stream"`
	Rows       []numbers `json:"rows"`
	Other      *numbers  `json:"other"`
	Total      numbers   `json:"total"`
	Lost       uint64    `json:"lost"`
	Unknown    bool      `json:"lost_unknown"`
	Incomplete uint64    `json:"incomplete"`
}

func parse(t *testing.T, text string) []output {
	t.Helper()
	var all []output
	for line := range strings.Lines(text) {
		var o output
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, o)
	}
	return all
}

// brief shows the rows of an output as "key:count@rate ...": the first key field, the first column.
func brief(o output, key, column string) string {
	one := func(name string, n numbers) string {
		text := name + ":" + string(n.Count[column])
		if r := n.Rate[column]; r != nil {
			text += "@" + string(*r)
		}
		return text
	}
	var all []string
	for _, r := range o.Rows {
		name, _ := r.Key[key].(string)
		all = append(all, one(name, r))
	}
	if o.Other != nil {
		all = append(all, one("other", *o.Other))
	}
	return strings.Join(append(all, one("total", o.Total)), " ")
}

func check(t *testing.T, got []output, key, column string, want ...string) {
	t.Helper()
	var all []string
	for _, o := range got {
		all = append(all, brief(o, key, column))
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(all, "\n  "), strings.Join(want, "\n  "))
	}
}

// inBubble runs a test in which time passes only while everything waits.
func inBubble(t *testing.T, f func(t *testing.T)) {
	synctest.Test(t, f)
}

func TestEventsByKey(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "sum": []any{"size"}, "format": "json"}}, s)
		time.Sleep(500 * time.Millisecond)
		run.Send(s, object{"protocol": "tcp", "size": 100}, object{"protocol": "udp", "size": 300}, object{"protocol": "tcp", "size": 50})
		time.Sleep(time.Second)
		run.Send(s, object{"protocol": "icmp", "size": 1000})
		run.Close()
		got := parse(t, run.Stdout())
		check(t, got, "protocol", "size", "udp:300@300 tcp:150@150 total:450@450", "icmp:1000@2000 udp:300@0 tcp:150@0 total:1450@2000")
		if len(got) == 2 {
			check(t, got[1:], "protocol", "events", "icmp:1@2 udp:1@0 tcp:2@0 total:4@2")
			if share := got[0].Rows[0].Share; share == nil || *share < 0.666 || *share > 0.667 {
				t.Errorf("share of udp is %v, want two thirds", share)
			}
			if got[0].Stream != "net.packets" || !got[0].Time.Equal(time.Now().Add(-500*time.Millisecond)) {
				t.Errorf("stream %q at %s", got[0].Stream, got[0].Time)
			}
		}
	})
}

func TestCountsAreExact(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": "json"}}, s)
		run.Tick(s, object{"protocol": "tcp", "packets": uint64(1<<64 - 2)}, object{"protocol": "udp", "packets": 1})
		check(t, parse(t, run.Stdout()), "protocol", "packets", "tcp:18446744073709551614 udp:1 total:18446744073709551615")
	})
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "sum": []any{"delta"}, "format": "json"}}, s)
		run.Send(s, object{"protocol": "tcp", "delta": -5}, object{"protocol": "udp", "delta": 3}, object{"protocol": "icmp", "delta": 9007199254740993})
		run.Close()
		check(t, parse(t, run.Stdout()), "protocol", "delta",
			"icmp:9007199254740993 udp:3 tcp:-5 total:9007199254740991")
	})
}

func TestKeysTogether(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": []any{"saddr", "dport"}, "format": "json"}}, s)
		run.Send(s, object{"saddr": "192.0.2.1", "dport": 80}, object{"saddr": "2001:db8::1", "dport": 80}, object{"saddr": "192.0.2.1", "dport": 443},
			object{"saddr": "192.0.2.1", "dport": 443})
		run.Close()
		got := parse(t, run.Stdout())
		if len(got) != 1 || len(got[0].Rows) != 3 {
			t.Fatalf("got %+v", got)
		}
		if want := (object{"saddr": "192.0.2.1", "dport": 443.0}); !reflect.DeepEqual(got[0].Rows[0].Key, want) || got[0].Rows[0].Count["events"] != "2" {
			t.Errorf("first row %+v, want key %v", got[0].Rows[0], want)
		}
	})
}

func TestTopAndMaxKeys(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "top": 2, "max_keys": 4, "format": "json"}}, s)
		for _, p := range []any{"tcp", "tcp", "tcp", "udp", "udp", "icmp", "sctp", "gre", "esp", "gre"} {
			run.Send(s, object{"protocol": p})
		}
		run.Close()
		got := parse(t, run.Stdout())
		check(t, got, "protocol", "events", "tcp:3 udp:2 other:5 total:10")
		if got[0].Other.Keys != 2 {
			t.Errorf("other is of %d known keys, want 2", got[0].Other.Keys)
		}
		var warned int
		for _, l := range run.Logs() {
			if strings.Contains(l.Message, "max_keys") {
				warned++
			}
		}
		if warned != 1 {
			t.Errorf("%d warnings about max_keys, want 1", warned)
		}
	})
}

func TestReset(t *testing.T) {
	cases := map[string][]string{
		"never": {"tcp:1@1 total:1@1", "tcp:2@1 total:2@1", "tcp:3@1 total:3@1"},
		"every": {"tcp:1@1 total:1@1", "tcp:1@1 total:1@1", "tcp:1@1 total:1@1"},
		"2s":    {"tcp:1@1 total:1@1", "tcp:2@1 total:2@1", "tcp:1@1 total:1@1"},
	}
	for reset, want := range cases {
		t.Run("events "+reset, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := packets()
				run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "reset": reset, "format": "json"}}, s)
				time.Sleep(500 * time.Millisecond) // between the ticks of its clock
				for range 3 {
					run.Send(s, object{"protocol": "tcp"})
					time.Sleep(time.Second)
				}
				run.Close()
				check(t, parse(t, run.Stdout()), "protocol", "events", want...)
			})
		})
	}
	t.Run("snapshots every", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := protocols()
			run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "reset": "every", "format": "json"}}, s)
			for _, n := range []int{10, 14, 14, 3} { // the map itself is reset in the end
				run.Tick(s, object{"protocol": "tcp", "packets": n})
				time.Sleep(time.Second)
			}
			check(t, parse(t, run.Stdout()), "protocol", "packets", "tcp:10 total:10", "tcp:4@4 total:4@4", "total:0@0", "tcp:3@3 total:3@3")
		})
	})
}

func TestResetDoesNotWaitForAChange(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "reset": "3s"}}, s)
		run.Send(s, object{"protocol": "tcp"}, object{"protocol": "tcp"})
		time.Sleep(9500 * time.Millisecond)
		run.Send(s, object{"protocol": "tcp"})
		time.Sleep(time.Second)
		run.Close()
		tables := strings.Split(run.Stdout(), "PROTOCOL")
		if len(tables) != 3 || !strings.Contains(tables[1], "tcp            2       2.0") || !strings.Contains(tables[2], "tcp            1       1.0") {
			t.Errorf("got %s", run.Stdout())
		}
	})
}

func TestFileGetsTablesOnlyWhenSomethingChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts")
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{Width: 80, Height: 24, Config: object{"key": "protocol", "output": path}}, s)
		run.Send(s, object{"protocol": "tcp"})
		time.Sleep(5500 * time.Millisecond)
		run.Send(s, object{"protocol": "tcp"})
		run.Close()
		if len(run.Live()) > 0 || run.Stdout() != "" {
			t.Errorf("printed %q and %q", run.Live(), run.Stdout())
		}
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "PROTOCOL"); n != 2 {
		t.Errorf("%d tables, want 2:\n%s", n, text)
	}
}
