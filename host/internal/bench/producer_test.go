package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
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
	spec.Maps[floodMapFloods].MaxEntries = floods.MaxEntries() // the configuration may have changed it
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
	before, err := threadTime()
	check(p.tb, err)
	p.run.Count = uint32(n)
	_, err = p.emit.Run(&ebpf.RunOptions{Context: &p.run})
	check(p.tb, err)
	p.run.First += uint64(n)
	after, err := threadTime()
	check(p.tb, err)
	p.cpu += after - before
}

// flood makes n events as fast as they are delivered, and waits until all are.
func (p *producer) flood(n int) {
	for left := n; left > 0; left -= chunk {
		p.wait(ahead)
		p.make(min(left, chunk))
	}
	p.wait(0)
}

// pace has n events made, so many a second in portions of a millisecond, and waits until all are delivered. Another process makes them: one
// that sleeps in this would have its scheduler watch out for it, at a cost of its own.
func (p *producer) pace(n, perSecond int) {
	info, err := p.emit.Info()
	check(p.tb, err)
	id, _ := info.ID()
	self, err := os.Executable()
	check(p.tb, err)
	cmd := exec.Command(self, fmt.Sprint(id), fmt.Sprint(p.run.First), fmt.Sprint(n), fmt.Sprint(perSecond))
	cmd.Args[0] = pacer
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(p.tb, err)
	cpu, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	check(p.tb, err)
	p.cpu += time.Duration(cpu)
	p.run.First += uint64(n)
	p.wait(0)
}

// runPacer is the other process: with the number of a program, of the first event, of all events, and of those a second. It prints the CPU
// time that the kernel used to make them, in nanoseconds.
func runPacer(args []string) error {
	var numbers [4]int
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	emit, err := ebpf.NewProgramFromID(ebpf.ProgramID(numbers[0]))
	if err != nil {
		return err
	}
	defer emit.Close()
	n, perSecond := numbers[2], numbers[3]
	run := floodRun{First: uint64(numbers[1])}
	runtime.LockOSThread()
	var cpu time.Duration
	each := max(1, perSecond/1000)
	start := time.Now()
	for i := 0; i < n; i += each {
		sleepUntil(start.Add(time.Duration(i) * time.Second / time.Duration(perSecond)))
		run.Count = uint32(min(each, n-i))
		before, err := threadTime()
		if err != nil {
			return err
		}
		if _, err := emit.Run(&ebpf.RunOptions{Context: &run}); err != nil {
			return err
		}
		after, err := threadTime()
		if err != nil {
			return err
		}
		cpu += after - before
		run.First += uint64(run.Count)
	}
	_, err = fmt.Println(cpu.Nanoseconds())
	return err
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
