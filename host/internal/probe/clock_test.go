package probe

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestClock(t *testing.T) {
	var c clock
	now := time.Now()
	got := c.at(now)
	for name, off := range map[string]time.Duration{
		"monotonic": now.Sub(time.Unix(0, nanos(unix.CLOCK_MONOTONIC)+got.Monotonic)),
		"boot":      now.Sub(time.Unix(0, nanos(unix.CLOCK_BOOTTIME)+got.Boot)),
	} {
		if off > time.Second || off < -time.Second {
			t.Errorf("%s time is off by %v", name, off)
		}
	}
	c.last.Boot = 1
	if again := c.at(now.Add(clockAge - 1)); again.Boot != 1 {
		t.Error("measured again too soon")
	}
	if again := c.at(now.Add(clockAge)); again.Boot == 1 {
		t.Error("not measured again")
	}
}
