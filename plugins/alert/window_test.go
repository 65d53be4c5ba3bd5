package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The window against a list of all times: never less than what happened in it, never more than what happened in a 64th more.
func TestWindowAgainstList(t *testing.T) {
	for _, length := range []time.Duration{time.Millisecond, 10 * time.Second, time.Hour} {
		t.Run(length.String(), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(length)))
			var w window
			var times []time.Time
			now := time.Unix(1_700_000_000, 0)
			for range 20_000 {
				if random.IntN(300) == 0 {
					now = now.Add(time.Duration(random.Int64N(3 * int64(length))))
				}
				now = now.Add(time.Duration(random.Int64N(int64(length) / 50)))
				times = append(times, now)
				got := w.add(now, length)
				within := func(d time.Duration) (n uint64) {
					for i := len(times) - 1; i >= 0 && now.Sub(times[i]) <= d; i-- {
						n++
					}
					return n
				}
				if low, high := within(length-1), within(length+length/slots); got < low || got > high {
					t.Fatalf("event %d: counted %d, want %d to %d", len(times), got, low, high)
				}
			}
		})
	}
}

func TestMemoryForgetsTheLongestUnseen(t *testing.T) {
	m := newMemory(3)
	see := func(key string) *state { return m.state([]byte(key)) }
	a, b := see("a"), see("b")
	see("c")
	if see("a") != a {
		t.Error("a was forgotten though there was room")
	}
	see("d") // takes the place of b
	if see("a") != a {
		t.Error("a was forgotten, though b was unseen for longer")
	}
	if see("b") == b {
		t.Error("b is still known")
	}
	for i := range 10_000 {
		see(fmt.Sprint(i))
	}
	if len(m.states) != 3 {
		t.Errorf("%d keys are known, want 3", len(m.states))
	}
	n := 0
	for s := m.root.newer; s != &m.root; s = s.newer {
		if m.states[s.key] != s {
			t.Errorf("%q is in the ring but not in the map", s.key)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d keys are in the ring, want 3", n)
	}
}

func TestMemoryOfLongKeys(t *testing.T) {
	m := newMemory(10)
	long := make([]byte, maxKey+1)
	s := m.state(long)
	if len(s.key) != 0 || m.state(append(long, 'x')) != s {
		t.Error("keys that are too long do not share a memory")
	}
}
