package probe

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// softwareEvents are the events that every machine counts, virtual ones included.
var softwareEvents = map[string]uint64{
	"cpu-clock":        unix.PERF_COUNT_SW_CPU_CLOCK,
	"task-clock":       unix.PERF_COUNT_SW_TASK_CLOCK,
	"page-faults":      unix.PERF_COUNT_SW_PAGE_FAULTS,
	"minor-faults":     unix.PERF_COUNT_SW_PAGE_FAULTS_MIN,
	"major-faults":     unix.PERF_COUNT_SW_PAGE_FAULTS_MAJ,
	"context-switches": unix.PERF_COUNT_SW_CONTEXT_SWITCHES,
	"cpu-migrations":   unix.PERF_COUNT_SW_CPU_MIGRATIONS,
}

// defaultFrequency in samples a second: not a round number, so as not to run in step with what is sampled.
const defaultFrequency = 99

func checkPerfEvent(s *site) error {
	if _, ok := softwareEvents[s.event()]; !ok {
		return &Error{Attr: "event", What: fmt.Sprintf("there is no software event %q", s.Event),
			Cure: "use one of " + list(slices.Sorted(maps.Keys(softwareEvents)))}
	}
	if s.Frequency != 0 && s.Period != 0 {
		return &Error{Attr: "period", What: "an event has a frequency or a period, not both", Cure: "remove one of them"}
	}
	return nil
}

func (s *site) event() string {
	if s.Event == "" {
		return "cpu-clock"
	}
	return s.Event
}

// attachPerfEvent samples an event on every CPU.
func attachPerfEvent(s *site, prog *ebpf.Program) (*link, error) {
	name := s.event()
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: softwareEvents[name]}
	attr.Size = uint32(unix.PERF_ATTR_SIZE_VER1)
	rate := ""
	if s.Period != 0 {
		attr.Sample, rate = s.Period, fmt.Sprintf("once every %d", s.Period)
	} else {
		frequency := s.Frequency
		if frequency == 0 {
			frequency = defaultFrequency
		}
		attr.Sample, attr.Bits, rate = frequency, unix.PerfBitFreq, fmt.Sprintf("%d a second", frequency)
	}
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return nil, &Error{Attr: "event", What: "cannot tell how many CPUs there are", Err: err}
	}
	all := &link{LinkInfo: LinkInfo{Target: name}}
	for cpu := range cpus {
		hold, err := perfEventOn(cpu, &attr, prog)
		if errors.Is(err, unix.ENODEV) {
			continue // offline
		}
		if err != nil {
			return nil, errors.Join(s.explainPerfEvent(name, cpu, err), all.Close())
		}
		all.hold = append(all.hold, hold...)
	}
	all.Note = rate + " on each CPU"
	return all, nil
}

// perfEventOn returns what has to be held.
func perfEventOn(cpu int, attr *unix.PerfEventAttr, prog *ebpf.Program) ([]io.Closer, error) {
	fd, err := unix.PerfEventOpen(attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	event := os.NewFile(uintptr(fd), "perf event")
	l, err := bpflink.AttachRawLink(bpflink.RawLinkOptions{Target: fd, Program: prog, Attach: ebpf.AttachPerfEvent})
	if err == nil {
		return []io.Closer{l, event}, nil
	}
	// Before Linux 5.15.
	if err := errors.Join(
		unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, prog.FD()),
		unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0),
	); err != nil {
		return nil, errors.Join(err, event.Close())
	}
	return []io.Closer{event}, nil
}

func (s *site) explainPerfEvent(name string, cpu int, err error) error {
	e := &Error{Attr: "event", What: fmt.Sprintf("sampling %s on CPU %d failed", name, cpu), Err: err}
	if errors.Is(err, unix.EINVAL) && s.Frequency != 0 {
		e.Attr, e.Cure = "frequency", "the most is in /proc/sys/kernel/perf_event_max_sample_rate"
	}
	return e
}

// findPMU returns the folder of a kind of perf event, or nothing if the kernel does not have it.
func findPMU(kind string) string {
	path := filepath.Join("/sys/bus/event_source/devices", kind)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
