package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

type object = map[string]any

func starts() *sdktest.Stream {
	return &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(
		sdktest.Uint("cgroup", 8), sdktest.Uint("time", 8, record.Time), sdktest.Uint("pid", 4), sdktest.Text("comm", 16), sdktest.Text("args", 64),
	)}
}

func connects() *sdktest.Stream {
	return &sdktest.Stream{Probe: "tcp", Name: "connects", Schema: sdktest.Schema(
		sdktest.IP("daddr"), sdktest.Uint("dport", 2, record.Port), sdktest.Uint("pid", 2),
	)}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJSON(t *testing.T) {
	s, c := starts(), connects()
	cases := map[string]struct {
		config object
		want   string
	}{
		"all fields": {object{}, `{"stream":"exec.starts","cgroup":18446744073709551615,"time":"2026-01-02T03:04:05.000000006Z","pid":7,"comm":"a\"b\n","args":""}
{"stream":"tcp.connects","lost":5}
{"stream":"tcp.connects","daddr":"192.0.2.1","dport":443,"pid":9}
`},
		"some, in another order": {object{"fields": []any{"pid", "daddr", "comm"}}, `{"stream":"exec.starts","pid":7,"comm":"a\"b\n"}
{"stream":"tcp.connects","lost":5}
{"stream":"tcp.connects","pid":9,"daddr":"192.0.2.1"}
`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			run := sdktest.Open(t, loggerType, sdktest.Options{Config: test.config}, s, c)
			run.Send(s, object{"cgroup": uint64(1<<64 - 1), "time": time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), "pid": 7, "comm": "a\"b\n"})
			run.SendBatch(c, sdktest.Batch{
				Gap:     sdk.Gap{Kernel: 2, Queue: 3},
				Records: []any{object{"daddr": "192.0.2.1", "dport": 443, "pid": 9}},
			})
			got := run.Stdout()
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			for line := range strings.Lines(got) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		})
	}
}

func TestJSONOfAFieldNamedStream(t *testing.T) {
	s := &sdktest.Stream{Probe: "p", Name: "s", Schema: sdktest.Schema(sdktest.Uint("stream", 4))}
	run := sdktest.Open(t, loggerType, sdktest.Options{}, s)
	run.Send(s, object{"stream": 7})
	if got, want := run.Stdout(), "{\"stream\":\"p.s\",\"event.stream\":7}\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestText(t *testing.T) {
	s, c := starts(), connects()
	run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"format": "text", "fields": []any{"pid", "comm", "args", "time", "dport"}}}, s, c)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	run.Send(s, object{"time": at, "pid": 7, "comm": "long name", "args": `say "hi"\`}, object{"time": at, "pid": 123, "comm": "sh"},
		object{"time": at, "comm": "x=y", "args": "two\nlines"})
	begin := time.Now().UTC()
	run.Send(c, object{"pid": 9, "dport": 443})
	got := run.Stdout()
	want := `2026-01-02T03:04:05.000000Z exec.starts  pid=7 comm="long name" args="say \"hi\"\\"
2026-01-02T03:04:05.000000Z exec.starts  pid=123 comm=sh          args=""
2026-01-02T03:04:05.000000Z exec.starts  pid=0   comm="x=y"       args="two\nlines"
`
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	stamp, rest, _ := strings.Cut(strings.TrimPrefix(got, want), " ")
	if rest != "tcp.connects pid=9 dport=443\n" {
		t.Errorf("last line %q", rest)
	}
	if arrived, err := time.Parse(timeLayout, stamp); err != nil || arrived.Sub(begin).Abs() > 10*time.Second {
		t.Errorf("time of an event without one is %q (%v), want that of its arrival", stamp, err)
	}
}

// Without fields, those that say nothing are left out.
func TestTextLeavesOut(t *testing.T) {
	flag := sdktest.Uint("cut", 1)
	flag.Kind = record.Bool
	s := &sdktest.Stream{Probe: "p", Name: "s", Schema: sdktest.Schema(
		sdktest.Uint("pid", 4), flag, sdktest.Text("comm", 16), sdktest.Uint("dport", 2, record.Port), sdktest.Uint("flags", 1, record.Hex),
		sdktest.Uint("signal", 4, record.Signal), sdktest.Uint("size", 4, record.ByteSize), sdktest.IP("daddr"), sdktest.Uint("end", 8, record.Time),
	)}
	empty, full := object{}, object{"pid": 1, "cut": true, "comm": "sh", "dport": 80, "flags": 2, "signal": "SIGTERM", "size": 2048, "daddr": "192.0.2.1"}
	for name, c := range map[string]struct {
		fields []any
		record object
		want   string
	}{
		"all, empty":   {nil, empty, "p.s pid=0 size=0B daddr=::"},
		"all, full":    {nil, full, "p.s pid=1 cut=true comm=sh dport=80 flags=0x2 signal=SIGTERM size=2KiB daddr=192.0.2.1"},
		"those wanted": {[]any{"pid", "cut", "comm", "dport", "signal"}, empty, `p.s pid=0 cut=false comm="" dport=0 signal=0`},
	} {
		t.Run(name, func(t *testing.T) {
			run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"format": "text", "fields": c.fields}}, s)
			run.Send(s, c.record)
			if _, got, _ := strings.Cut(strings.TrimSuffix(run.Stdout(), "\n"), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTextOnATerminal(t *testing.T) {
	s := starts()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.Local)
	for format, want := range map[string]string{
		"text": "03:04:05.678 exec.starts cgroup=5 pid=7 …\n03:04:05.678 exec.starts cgroup=5 pid=7 …\n",
		"json": `{"stream":"exec.starts","cgroup":5,"time":"` + at.UTC().Format("2006-01-02T15:04:05.000000000Z") + `","pid":7,"comm":"ärger","args":"with words"}`,
	} {
		t.Run(format, func(t *testing.T) {
			run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"format": format}, Width: 41, Height: 24}, s)
			rec := object{"cgroup": 5, "time": at, "pid": 7, "comm": "ärger", "args": "with words"}
			run.Send(s, rec, rec)
			if got := run.Stdout(); !strings.HasPrefix(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestFlush(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	synctest.Test(t, func(t *testing.T) {
		s := connects()
		run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"output": path, "flush": 3 * time.Second}}, s)
		run.Send(s, object{"pid": 1})
		time.Sleep(2 * time.Second)
		if got := content(t, path); got != "" {
			t.Errorf("after 2 s the file holds %q", got)
		}
		time.Sleep(1100 * time.Millisecond)
		if got := strings.Count(content(t, path), "\n"); got != 1 {
			t.Errorf("after 3.1 s the file holds %d lines, want 1", got)
		}
		run.Send(s, object{"pid": 2})
		run.Close()
		if got := strings.Count(content(t, path), "\n"); got != 2 {
			t.Errorf("in the end the file holds %d lines, want 2", got)
		}
		if run.Stdout() != "" {
			t.Errorf("printed %q", run.Stdout())
		}
	})
}

func TestMovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	synctest.Test(t, func(t *testing.T) {
		s := connects()
		run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"output": path}}, s)
		run.Send(s, object{"pid": 1})
		time.Sleep(2 * time.Second)
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		run.Send(s, object{"pid": 2})
		time.Sleep(2 * time.Second)
		if !strings.Contains(content(t, path+".1"), `"pid":1`) || !strings.Contains(content(t, path), `"pid":2`) {
			t.Errorf("moved file %q, new file %q", content(t, path+".1"), content(t, path))
		}
	})
}

func TestConfigErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	rotate := func(r object) object { return object{"output": file, "rotate": r} }
	cases := map[string]struct {
		config object
		want   string
	}{
		"field twice":      {object{"fields": []any{"pid", "pid"}}, "fields[1]: pid is in the list already"},
		"flush":            {object{"flush": time.Microsecond}, "flush: must be at least 10ms"},
		"folder":           {object{"output": filepath.Dir(file)}, "output: " + filepath.Dir(file) + " is a folder"},
		"format":           {object{"format": "xml"}, "format: "},
		"rotate stdout":    {object{"rotate": object{"size": 1 << 20}}, "rotate: standard output cannot be rotated"},
		"rotate when":      {rotate(object{}), "rotate: needs size, age or both"},
		"rotate too small": {rotate(object{"size": 10}), "rotate.size: must be at least 4KiB"},
		"rotate too often": {rotate(object{"age": 10}), "rotate.age: must be at least 1s"},
		"rotate keep":      {rotate(object{"size": 1 << 20, "keep": 0}), "rotate.keep: must be from 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := fmt.Sprint(sdktest.Validate(t, loggerType, sdktest.Options{Config: c.config}, starts()))
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("validating has created the file")
	}
}
