package main

import "time"

// slots is how many parts a window is cut into.
const slots = 64

// window counts events in the time just passed. It takes the same memory for any number of events: it counts them by slots of a 64th of
// the window, and looks back on the current slot and the 64 before. So it never misses an event in the window, and may count some that
// are older by up to a 64th.
type window struct {
	counts [slots + 1]uint32
	newest int64 // slot
	sum    uint64
}

// add counts an event and returns how many there are. Events may come somewhat out of order; one from before the window does not count.
func (w *window) add(at time.Time, length time.Duration) uint64 {
	slot := at.UnixNano() / max(int64(length)/slots, 1)
	if ahead := slot - w.newest; ahead > 0 {
		for i := range min(ahead, slots+1) {
			c := &w.counts[place(slot-i)]
			w.sum -= uint64(*c)
			*c = 0
		}
		w.newest = slot
	} else if -ahead > slots {
		return w.sum
	}
	w.counts[place(slot)]++
	w.sum++
	return w.sum
}

func place(slot int64) int64 {
	p := slot % (slots + 1)
	if p < 0 {
		p += slots + 1
	}
	return p
}

// reset forgets all events.
func (w *window) reset() {
	clear(w.counts[:])
	w.sum = 0
}
