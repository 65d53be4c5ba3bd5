package main

import (
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/sdktest"
)

// rows are the entries of a map: protocol and packets in turns.
func rows(pairs ...any) []any {
	var all []any
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, object{"protocol": pairs[i], "packets": pairs[i+1]})
	}
	return all
}

func TestSnapshotsReplaceEachOther(t *testing.T) {
	cases := map[string]struct {
		ticks [][]any
		want  []string
	}{
		"growing": {
			[][]any{rows("tcp", 10, "udp", 20), rows("tcp", 40, "udp", 20)},
			[]string{"udp:20 tcp:10 total:30", "tcp:40@15 udp:20@0 total:60@15"},
		},
		"a new entry": {
			[][]any{rows("tcp", 10), rows("tcp", 10, "udp", 4)},
			[]string{"tcp:10 total:10", "tcp:10@0 udp:4@2 total:14@2"},
		},
		"an entry vanishes": {
			[][]any{rows("tcp", 10, "udp", 20), rows("tcp", 10), rows("tcp", 10, "udp", 6)},
			[]string{"udp:20 tcp:10 total:30", "tcp:10@0 total:10@0", "tcp:10@0 udp:6@3 total:16@3"},
		},
		"an entry shrinks": {
			[][]any{rows("tcp", 10), rows("tcp", 4), rows("tcp", 8)},
			[]string{"tcp:10 total:10", "tcp:4@2 total:4@2", "tcp:8@2 total:8@2"},
		},
		"several entries of one key": {
			[][]any{rows("tcp", 10, "tcp", 5), rows("tcp", 10, "tcp", 9)},
			[]string{"tcp:15 total:15", "tcp:19@2 total:19@2"},
		},
		"an empty map": {
			[][]any{nil, rows("tcp", 2), nil},
			[]string{"total:0", "tcp:2@1 total:2@1", "total:0@0"},
		},
		"zeros do not show": {
			[][]any{rows("tcp", 0, "udp", 1)},
			[]string{"udp:1 total:1"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := protocols()
				run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": "json"}}, s)
				for _, tick := range c.ticks {
					run.Tick(s, tick...)
					time.Sleep(2 * time.Second)
				}
				run.Close()
				check(t, parse(t, run.Stdout()), "protocol", "packets", c.want...)
			})
		})
	}
}

func TestSnapshotInParts(t *testing.T) {
	type part struct {
		tick uint64
		last bool
		lost uint64
		rows []any
	}
	cases := map[string]struct {
		parts      []part
		want       []string
		incomplete uint64
	}{
		"two batches": {
			[]part{{1, false, 0, rows("tcp", 1)}, {1, true, 0, rows("udp", 2)}, {2, true, 0, rows("tcp", 3)}},
			[]string{"udp:2 tcp:1 total:3", "tcp:3@2 total:3@2"}, 0,
		},
		"the end is lost": {
			[]part{{1, true, 0, rows("tcp", 1, "udp", 2)}, {2, false, 0, rows("tcp", 5)}, {3, true, 0, rows("tcp", 9, "udp", 2)}},
			[]string{"udp:2 tcp:1 total:3", "tcp:9@4 udp:2@0 total:11@4"}, 1,
		},
		"the middle is lost": {
			[]part{{1, true, 0, rows("tcp", 1, "udp", 2)}, {2, false, 0, rows("tcp", 5)}, {2, true, 7, nil}, {3, true, 0, rows("tcp", 9, "udp", 2)}},
			[]string{"udp:2 tcp:1 total:3", "tcp:9@4 udp:2@0 total:11@4"}, 1,
		},
		"the beginning is lost": {
			[]part{{1, true, 0, rows("tcp", 1, "udp", 2)}, {2, true, 1, rows("udp", 2)}, {3, true, 0, rows("tcp", 9, "udp", 2)}},
			[]string{"udp:2 tcp:1 total:3", "tcp:9@4 udp:2@0 total:11@4"}, 1,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := protocols()
				run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": "json"}}, s)
				begin := time.Now()
				var lost uint64
				for _, p := range c.parts {
					lost += p.lost
					run.SendBatch(s, sdktest.Batch{
						Records: p.rows, Gap: sdk.Gap{Queue: p.lost},
						Tick: &sdk.Tick{Number: p.tick, Time: begin.Add(time.Duration(p.tick) * time.Second), Last: p.last},
					})
				}
				got := parse(t, run.Stdout())
				check(t, got, "protocol", "packets", c.want...)
				if end := got[len(got)-1]; end.Lost != lost || end.Incomplete != c.incomplete {
					t.Errorf("%d lost, %d incomplete, want %d and %d", end.Lost, end.Incomplete, lost, c.incomplete)
				}
			})
		})
	}
}

func TestSnapshotThatBeganBeforeTheProcess(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": "json"}}, s)
		run.SendBatch(s, sdktest.Batch{Records: rows("udp", 2), Tick: &sdk.Tick{Number: 7, Time: time.Now(), Last: true}, Redelivered: true})
		run.SendBatch(s, sdktest.Batch{Records: rows("tcp", 1, "udp", 2), Tick: &sdk.Tick{Number: 8, Time: time.Now(), Last: true}})
		check(t, parse(t, run.Stdout()), "protocol", "packets", "udp:2 tcp:1 total:3")
	})
}

func TestEveryHoldsBackSnapshots(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": "json", "every": 3 * time.Second}}, s)
		for i := range 7 {
			run.Tick(s, rows("tcp", 6*i)...)
			time.Sleep(time.Second)
		}
		check(t, parse(t, run.Stdout()), "protocol", "packets", "total:0", "tcp:18@6 total:18@6", "tcp:36@6 total:36@6")
	})
}

func TestSnapshotsWithoutAChange(t *testing.T) {
	cases := map[string]struct {
		format string
		want   int // outputs
	}{
		"tables": {"table", 2},
		"json":   {"json", 4}, // a series without holes
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := protocols()
				run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": c.format}}, s)
				for i, n := range []int{1, 1, 1, 5} {
					if i > 0 {
						time.Sleep(time.Second)
					}
					run.Tick(s, rows("tcp", n)...)
				}
				time.Sleep(10 * time.Millisecond)
				run.Tick(s, rows("tcp", 5)...) // at the end of a run
				run.Close()
				if n := strings.Count(run.Stdout(), "net.protocols"); n != c.want {
					t.Errorf("%d outputs, want %d:\n%s", n, c.want, run.Stdout())
				}
				if c.format == "table" && !strings.Contains(run.Stdout(), "tcp             5        4.0") {
					t.Errorf("the rate is not that of the last second:\n%s", run.Stdout())
				}
			})
		})
	}
}

func TestLastSnapshotHasNoRate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := protocols()
		run := sdktest.Open(t, counterType, sdktest.Options{Config: object{"key": "protocol", "format": "json"}}, s)
		run.Tick(s, rows("tcp", 1)...)
		time.Sleep(time.Second)
		run.Tick(s, rows("tcp", 3)...)
		time.Sleep(10 * time.Millisecond)
		run.Tick(s, rows("tcp", 4)...) // at the end of a run
		run.Close()
		check(t, parse(t, run.Stdout()), "protocol", "packets", "tcp:1 total:1", "tcp:3@2 total:3@2", "tcp:4 total:4")
	})
}
