package main

import (
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

// lines returns the text without the blanks at the ends of lines.
func lines(text string) string {
	var all []string
	for line := range strings.Lines(text) {
		all = append(all, strings.TrimRight(line, " \n"))
	}
	return strings.Join(all, "\n")
}

func TestTable(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "top": 2}}, s)
		row := func(protocol any, packets, bytes int) object {
			return object{"protocol": protocol, "packets": packets, "bytes": bytes}
		}
		run.Tick(s, row("tcp", 10, 5000), row("udp", 2, 200))
		time.Sleep(2 * time.Second)
		run.SendBatch(s, sdktest.Batch{Gap: sdk.Gap{Queue: 3, Kernel: 1, KernelUnknown: true}})
		run.Tick(s, row("tcp", 30, 9000), row("udp", 5, 500), row(258, 4, 100), row("icmp", 1, 64))
		clock := func(ago time.Duration) string { return time.Now().Add(-ago).Format(time.TimeOnly) }
		want := lines(`net.protocols  ` + clock(2*time.Second) + `
PROTOCOL  PACKETS  PACKETS/S  BYTES  BYTES/S   SHARE
tcp            10          -   5000        -   83.3%
udp             2          -    200        -   16.7%
total          12          -   5200        -  100.0%

net.protocols  ` + clock(0) + `
PROTOCOL        PACKETS  PACKETS/S  BYTES  BYTES/S   SHARE
tcp                  30       10.0   9000   2000.0   75.0%
udp                   5        1.5    500    150.0   12.5%
other (2 keys)        5        2.5    164     82.0   12.5%
total                40       14.0   9664   2232.0  100.0%
4 lost
more may be lost: the object does not count its losses

`)
		if got := lines(run.Stdout()); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestTableOnATerminal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		events, polled := packets(), protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol"}, Width: 30, Height: 20}, events, polled)
		for p := range 20 {
			run.Send(events, object{"protocol": p})
		}
		run.Tick(polled, rows("tcp", 7)...)
		time.Sleep(3500 * time.Millisecond)
		run.Close()
		live := run.Live()
		if len(live) < 4 || run.Stdout() != "" {
			t.Fatalf("%d blocks, printed %q", len(live), run.Stdout())
		}
		last := live[len(live)-1]
		for _, want := range []string{"net.packets", "other (16 keys)", "net.protocols", "tcp"} {
			if !strings.Contains(last, want) {
				t.Errorf("the last block has no %q:\n%s", want, last)
			}
		}
		if n := strings.Count(last, "\n"); n > 20 {
			t.Errorf("%d lines for a terminal of 20:\n%s", n, last)
		}
		for line := range strings.Lines(last) {
			if len(line) > 31 {
				t.Errorf("line %q is wider than the terminal", line)
			}
		}
	})
}

func TestTableWithoutKey(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := packets()
		run := sdktest.Open(t, counterType, sdktest.Options{}, s)
		run.Send(s, object{}, object{}, object{})
		time.Sleep(time.Second)
		want := lines(`net.packets  ` + time.Now().Format(time.TimeOnly) + `
       EVENTS  EVENTS/S   SHARE
total       3       3.0  100.0%

`)
		run.Close() // nothing has changed: nothing more is printed
		if got := lines(run.Stdout()); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestKeysMakeRoomForNumbers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(sdktest.Text("filename", 64), sdktest.Text("args", 64))}
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": []any{"filename", "args"}}, Width: 80, Height: 20}, s)
		run.Send(s, object{"filename": "/bin/short", "args": strings.Repeat("x", 30) + strings.Repeat("y", 30)})
		time.Sleep(1500 * time.Millisecond)
		run.Close()
		want := lines(`FILENAME    ARGS                                        EVENTS  EVENTS/S   SHARE
/bin/short  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyyyyyyyyyyy…       1       1.0  100.0%
total                                                        1       1.0  100.0%
`)
		if live := run.Live(); len(live) == 0 || !strings.Contains(lines(live[0]), want) {
			t.Errorf("got %s\nwant\n%s", live, want)
		}
	})
}

func TestSumOfDurations(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &sdktest.Stream{Probe: "exec", Name: "exits", Schema: sdktest.Schema(sdktest.Text("comm", 16), sdktest.Uint("duration", 8, record.Duration))}
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "comm", "sum": "duration"}}, s)
		run.Send(s, object{"comm": "sh", "duration": 3*time.Minute + 1234567*time.Nanosecond}, object{"comm": "true", "duration": 1234567 * time.Nanosecond})
		time.Sleep(2 * time.Second)
		run.Close()
		for _, want := range []string{"sh     3m0.001s    3m0.001s", "true    1.235ms     1.235ms"} {
			if !strings.Contains(run.Stdout(), want) {
				t.Errorf("got\n%s\nwithout %s", run.Stdout(), want)
			}
		}
	})
}
