package probe

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/sdk/record"
)

// clockAge is how old the measured clock offsets of a batch may be. Clocks drift by less than 100 microseconds in that time, short of
// somebody setting one.
const clockAge = 100 * time.Millisecond

// clock measures how the kernel's clocks relate to wall time, not more often than needed. One goroutine uses it.
type clock struct {
	taken time.Time
	last  record.Clock
}

// at returns the offsets as of now.
func (c *clock) at(now time.Time) record.Clock {
	if now.Sub(c.taken) >= clockAge {
		c.last, c.taken = measureClock(), now
	}
	return c.last
}

// measureClock reads the clocks in turn, the wall clock between two readings of the other. Of three tries it takes the one that was
// interrupted the least.
func measureClock() record.Clock {
	return record.Clock{Monotonic: offsetOf(unix.CLOCK_MONOTONIC), Boot: offsetOf(unix.CLOCK_BOOTTIME)}
}

func offsetOf(id int32) int64 {
	var offset int64
	shortest := int64(math.MaxInt64)
	for range 3 {
		before, wall, after := nanos(id), nanos(unix.CLOCK_REALTIME), nanos(id)
		if took := after - before; took < shortest {
			shortest, offset = took, wall-(before+took/2)
		}
	}
	return offset
}

func nanos(id int32) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		panic(fmt.Sprintf("probe: clock_gettime(%d): %v", id, err)) // every supported kernel has these clocks
	}
	return ts.Nano()
}
