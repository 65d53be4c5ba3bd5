package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

type object = map[string]any

func starts() *sdktest.Stream {
	return &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(
		sdktest.Uint("time", 8, record.Time), sdktest.Uint("pid", 4), sdktest.Uint("uid", 4), sdktest.Text("comm", 16), sdktest.Text("filename", 64),
	)}
}

func exits() *sdktest.Stream {
	return &sdktest.Stream{Probe: "exec", Name: "exits", Schema: sdktest.Schema(
		sdktest.Uint("pid", 4), sdktest.Text("comm", 16), sdktest.Int("code", 4),
	)}
}

func connects() *sdktest.Stream {
	return &sdktest.Stream{Probe: "tcp", Name: "connects", Schema: sdktest.Schema(
		sdktest.IP("saddr"), sdktest.Uint("pid", 4),
	)}
}

// ruleBlock is a rule block with defaults for the test at hand.
func ruleBlock(name string, with object) object {
	r := object{"name": name, "message": sdktest.Render("pid ${event.pid}")}
	maps.Copy(r, with)
	return r
}

func rules(all ...object) object { return object{"rule": all} }

// messages are the parts of the printed lines after the time.
func messages(t *testing.T, run *sdktest.Run) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(run.Stdout()) {
		if len(line) < len(time.DateTime)+2 {
			t.Fatalf("line %q has no time", line)
		}
		if _, err := time.Parse(time.DateTime, line[:len(time.DateTime)]); err != nil {
			t.Error(err)
		}
		all = append(all, strings.TrimSpace(line[len(time.DateTime):]))
	}
	return all
}

func wantMessages(t *testing.T, run *sdktest.Run, want ...string) {
	t.Helper()
	if got := messages(t, run); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestRules(t *testing.T) {
	s, x, c := starts(), exits(), connects()
	run := sdktest.Open(t, alertType, sdktest.Options{Config: rules(
		ruleBlock("shell", object{"on": "exec", "when": sdktest.Compare("filename", "endswith", "/sh"), "severity": "critical",
			"message": sdktest.Render("${event.comm} is ${event.filename}")}),
		ruleBlock("failed", object{"on": "exec.exits", "when": sdktest.Compare("code", "!=", 0)}),
		ruleBlock("any", object{"severity": "info"}),
	)}, s, x, c)
	run.Send(s, object{"pid": 1, "comm": "a\x1b[2J\nb", "filename": "/bin/sh"}, object{"pid": 2, "comm": "c", "filename": "/bin/cat"})
	run.Send(x, object{"pid": 3}, object{"pid": 4, "code": -1})
	run.Send(c, object{"pid": 5})
	wantMessages(t, run,
		`CRITICAL shell: "a\x1b[2J\nb" is /bin/sh`, "INFO any: pid 1", "INFO any: pid 2",
		"INFO any: pid 3", "WARNING failed: pid 4", "INFO any: pid 4", "INFO any: pid 5")
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := starts()
		run := sdktest.Open(t, alertType, sdktest.Options{Config: rules(ruleBlock("r", object{"throttle": 10 * time.Second, "key": []any{"uid"}}))}, s)
		for i := range 24 {
			run.Send(s, object{"time": time.Now(), "pid": i, "uid": i % 2})
			time.Sleep(time.Second)
		}
		run.Close()
		wantMessages(t, run, "WARNING r: pid 0", "WARNING r: pid 1",
			"WARNING r: pid 10 [4 alike before]", "WARNING r: pid 11 [4 alike before]",
			"WARNING r: pid 20 [4 alike before]", "WARNING r: pid 21 [4 alike before]")
		logs := run.Logs()
		if len(logs) != 1 || logs[0].Attrs["alerts"] != 6.0 || logs[0].Attrs["suppressed"] != 18.0 {
			t.Errorf("logged %v, want 6 alerts and 18 suppressed", logs)
		}
	})
}

func TestThreshold(t *testing.T) {
	type event struct {
		at   time.Duration
		user int
	}
	burst := func(from, step time.Duration, n, user int) []event {
		var all []event
		for i := range n {
			all = append(all, event{from + time.Duration(i)*step, user})
		}
		return all
	}
	cases := map[string]struct {
		events []event
		want   []string
	}{
		"exactly as many as allowed": {burst(0, time.Millisecond, 3, 0), nil},
		"one more":                   {burst(0, time.Millisecond, 4, 0), []string{"pid 3 [4 events]"}},
		"too slow":                   {burst(0, 4*time.Second, 40, 0), nil},
		"just fast enough":           {burst(0, 3300*time.Millisecond, 4, 0), []string{"pid 3 [4 events]"}},
		"counting starts anew":       {burst(0, time.Millisecond, 8, 0), []string{"pid 3 [4 events]", "pid 7 [4 events]"}},
		"each key by itself":         {append(burst(0, time.Millisecond, 3, 0), burst(0, time.Millisecond, 3, 1)...), nil},
		"after a long silence":       {append(burst(0, time.Millisecond, 3, 0), burst(time.Minute, time.Millisecond, 3, 0)...), nil},
		"out of order":               {[]event{{5 * time.Second, 0}, {1 * time.Second, 0}, {4 * time.Second, 0}, {2 * time.Second, 0}}, []string{"pid 3 [4 events]"}},
		"late ones do not count":     {append(burst(20*time.Second, 0, 3, 0), event{5 * time.Second, 0}), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := starts()
				run := sdktest.Open(t, alertType, sdktest.Options{Config: rules(ruleBlock("r", object{
					"key": []any{"uid"}, "threshold": object{"count": 3, "window": 10 * time.Second},
				}))}, s)
				begin := time.Now()
				time.Sleep(5 * time.Minute) // events come late, all at once: their own time counts
				var records []any
				for i, e := range c.events {
					records = append(records, object{"time": begin.Add(e.at), "pid": i, "uid": e.user})
				}
				run.Send(s, records...)
				var want []string
				for _, w := range c.want {
					want = append(want, "WARNING r: "+w)
				}
				wantMessages(t, run, want...)
			})
		})
	}
}

func TestThresholdByArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := exits() // no time
		nonsense := starts()
		run := sdktest.Open(t, alertType, sdktest.Options{Config: rules(ruleBlock("r", object{
			"threshold": object{"count": 1, "window": 10 * time.Second},
		}))}, s, nonsense)
		run.Send(s, object{"pid": 1})
		time.Sleep(11 * time.Second)
		run.Send(s, object{"pid": 2})
		time.Sleep(9 * time.Second)
		run.Send(s, object{"pid": 3})
		time.Sleep(11 * time.Second)
		// A time far in the future must not make all others look late.
		run.Send(nonsense, object{"pid": 4, "time": time.Now().Add(1000 * time.Hour)})
		run.Send(nonsense, object{"pid": 5, "time": time.Now()})
		wantMessages(t, run, "WARNING r: pid 3 [2 events]", "WARNING r: pid 5 [2 events]")
	})
}

func TestThresholdWithThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := starts()
		run := sdktest.Open(t, alertType, sdktest.Options{Config: rules(ruleBlock("r", object{
			"throttle": time.Minute, "threshold": object{"count": 1, "window": 10 * time.Second},
		}))}, s)
		for i := range 10 {
			run.Send(s, object{"pid": i})
		}
		time.Sleep(time.Minute)
		run.Send(s, object{"pid": 10}, object{"pid": 11})
		wantMessages(t, run, "WARNING r: pid 1 [2 events]", "WARNING r: pid 11 [2 events] [4 alike before]")
	})
}

func TestMaxKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := starts()
		cfg := rules(ruleBlock("r", object{"throttle": time.Hour, "key": []any{"uid"}}))
		cfg["max_keys"] = 2
		run := sdktest.Open(t, alertType, sdktest.Options{Config: cfg}, s)
		for i, user := range []int{1, 2, 1, 3, 1, 2} { // 3 takes the place of 2, not of 1
			run.Send(s, object{"pid": i, "uid": user})
		}
		wantMessages(t, run, "WARNING r: pid 0", "WARNING r: pid 1", "WARNING r: pid 3", "WARNING r: pid 5")
	})
}

func TestFileAndLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts")
	synctest.Test(t, func(t *testing.T) {
		s := starts()
		cfg := rules(ruleBlock("r", object{"severity": "critical", "throttle": time.Minute}))
		cfg["file"], cfg["log"] = []object{{"path": path}}, object{}
		run := sdktest.Open(t, alertType, sdktest.Options{Name: "shells", Config: cfg}, s)
		at := time.Now().UTC()
		run.Send(s, object{"pid": 7, "time": at, "comm": "sh"}, object{"pid": 8, "time": at})
		time.Sleep(time.Minute)
		run.Send(s, object{"pid": 9, "time": time.Now()})
		run.Close()
		if run.Stdout() != "" {
			t.Errorf("printed %q though other sinks are given", run.Stdout())
		}
		logs := run.Logs()
		if len(logs) != 3 || logs[0].Level != "error" || logs[0].Message != "pid 7" || logs[0].Attrs["rule"] != "r" || logs[1].Attrs["suppressed"] != 1.0 {
			t.Errorf("logged %+v", logs)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got []object
		for line := range strings.Lines(string(text)) {
			var o object
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				t.Fatal(err)
			}
			got = append(got, o)
		}
		stamp := at.Format("2006-01-02T15:04:05.000000000Z")
		want := object{"time": stamp, "rule": "r", "severity": "critical", "message": "pid 7", "handler": "shells", "stream": "exec.starts",
			"event": object{"time": stamp, "pid": 7.0, "uid": 0.0, "comm": "sh", "filename": ""}}
		if len(got) != 2 || !reflect.DeepEqual(got[0], want) || got[1]["suppressed"] != 1.0 {
			t.Errorf("got\n%v\nwant first\n%v", got, want)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	webhook := func(w object) object {
		return object{"rule": []object{ruleBlock("r", nil)}, "webhook": []object{w}}
	}
	run := func(e object) object {
		return object{"rule": []object{ruleBlock("r", nil)}, "exec": []object{e}}
	}
	cases := map[string]struct {
		config object
		want   []string
	}{
		"no rule":   {object{}, []string{"no rule: add at least one"}},
		"same name": {rules(ruleBlock("r", nil), ruleBlock("r", nil)), []string{`rule[1]: there are two rules "r"`}},
		"on nothing": {rules(ruleBlock("r", object{"on": "exce"})),
			[]string{`rule[0].on: no stream "exce": this handler has exec.starts, exec.exits, tcp.connects`}},
		"when fits none": {rules(ruleBlock("a", nil), ruleBlock("r", object{"on": "exec", "when": sdktest.Compare("saddr", "==", "192.0.2.1")})),
			[]string{`rule[1].when: the rule fits none of its streams: exec.starts: there is no field "saddr"; exec.exits: there is no field "saddr"`}},
		"message fits none": {rules(ruleBlock("r", object{"on": "exec.exits", "message": sdktest.Render("${event.uid}")})),
			[]string{`rule[0].message: the rule fits none of its streams: exec.exits: there is no field "uid"`}},
		"key fits none": {rules(ruleBlock("r", object{"on": "exec.exits", "key": []any{"uid"}, "throttle": time.Second})),
			[]string{`rule[0].key: the rule fits none of its streams: exec.exits: no field uid`}},
		"key of no use": {rules(ruleBlock("r", object{"key": []any{"pid"}})), []string{"rule[0].key: has no effect"}},
		"key twice":     {rules(ruleBlock("r", object{"key": []any{"pid", "pid"}, "throttle": time.Second})), []string{"rule[0].key[1]: pid is in the list already"}},
		"threshold": {rules(ruleBlock("r", object{"threshold": object{"count": 0, "window": 0}})),
			[]string{"rule[0].threshold.count: must be", "rule[0].threshold.window: must be"}},
		"severity":       {rules(ruleBlock("r", object{"severity": "bad"})), []string{"rule[0].severity: "}},
		"file":           {object{"rule": []object{ruleBlock("r", nil)}, "file": []object{{"path": "/nowhere/x"}}}, []string{"file[0].path: the folder /nowhere does not exist"}},
		"webhook url":    {webhook(object{"url": "ftp://x/secret"}), []string{"webhook[0].url: is not an address"}},
		"webhook header": {webhook(object{"url": "http://x/", "headers": object{"A b": "c"}}), []string{`webhook[0].headers.A b: "A b"`}},
		"webhook numbers": {webhook(object{"url": "http://x/", "timeout": 0, "retries": -1, "queue": 0}),
			[]string{"webhook[0].timeout: ", "webhook[0].retries: ", "webhook[0].queue: "}},
		"no command":      {run(object{"command": []any{}}), []string{"exec[0].command: is empty"}},
		"unknown command": {run(object{"command": []any{"no-such-program-here"}}), []string{"exec[0].command: ", "not found"}},
		"command numbers": {run(object{"command": []any{"true"}, "timeout": 0, "parallel": 0, "queue": 0}),
			[]string{"exec[0].timeout: ", "exec[0].parallel: ", "exec[0].queue: "}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := fmt.Sprint(sdktest.Validate(t, alertType, sdktest.Options{Config: c.config}, starts(), exits(), connects()))
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			if strings.Contains(got, "secret") {
				t.Errorf("%s shows the address", got)
			}
		})
	}
}
