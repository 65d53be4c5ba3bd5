package bench

import (
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

// chunk is how many events the kernel makes in one go.
const chunk = 1 << 14

// ahead is how many events may be on their way before the producer waits, so that none is lost: fewer than the ring holds.
const ahead = 200_000

// producer makes events in the kernel. Its methods are for one goroutine, which is locked to its thread wherever CPU time matters: the thread
// is no part of what is measured.
type producer struct {
	tb        testing.TB
	emit      *ebpf.Program
	lost      *ebpf.Map
	run       floodRun
	delivered func() uint64
	cpu       time.Duration // that the kernel used to make them
}

// newProducer makes events for those maps.
func newProducer(tb testing.TB, floods, lost *ebpf.Map, delivered func() uint64) *producer {
	tb.Helper()
	spec, err := loadFlood()
	check(tb, err)
	var programs floodPrograms
	check(tb, spec.LoadAndAssign(&programs, &ebpf.CollectionOptions{
		MapReplacements: map[string]*ebpf.Map{floodMapFloods: floods, floodMapFloodsLost: lost},
	}))
	tb.Cleanup(func() { programs.Close() })
	return &producer{tb: tb, emit: programs.EmitFloods, lost: lost, delivered: delivered}
}

// make makes n events, numbered on from the last.
func (p *producer) make(n int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := threadTime(p.tb)
	p.run.Count = uint32(n)
	_, err := p.emit.Run(&ebpf.RunOptions{Context: &p.run})
	check(p.tb, err)
	p.run.First += uint64(n)
	p.cpu += threadTime(p.tb) - before
}

// flood makes n events as fast as they are delivered, and waits until all are.
func (p *producer) flood(n int) {
	for left := n; left > 0; left -= chunk {
		p.wait(ahead)
		p.make(min(left, chunk))
	}
	p.wait(0)
}

// pace makes n events, so many a second in portions of a millisecond, and waits until all are delivered.
func (p *producer) pace(n, perSecond int) {
	each := max(1, perSecond/1000)
	start := time.Now()
	for i := 0; i < n; i += each {
		sleepUntil(start.Add(time.Duration(i) * time.Second / time.Duration(perSecond)))
		p.make(min(each, n-i))
	}
	p.wait(0)
}

// wait waits until at most that many events are on their way.
func (p *producer) wait(open uint64) {
	for deadline := time.Now().Add(20 * time.Second); p.run.First-p.delivered()-p.losses() > open; {
		if time.Now().After(deadline) {
			p.tb.Fatalf("%d of %d events arrived, %d were lost", p.delivered(), p.run.First, p.losses())
		}
		sleepUntil(time.Now().Add(100 * time.Microsecond))
	}
}

func (p *producer) losses() (sum uint64) {
	var perCPU []uint64
	check(p.tb, p.lost.Lookup(uint32(0), &perCPU))
	for _, n := range perCPU {
		sum += n
	}
	return sum
}
