package object

import (
	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/sdk/record"
)

// Source is how records come out of a map.
type Source uint8

const (
	NoSource Source = iota
	Ring            // a ring buffer
	Perf            // a perf event array
	Poll            // a snapshot of a map, every interval
)

func (s Source) String() string {
	switch s {
	case Ring:
		return "ring buffer"
	case Perf:
		return "perf event array"
	case Poll:
		return "polled map"
	default:
		return "no source"
	}
}

// StreamOptions is what a `stream` block says about records.
type StreamOptions struct {
	// Type names the record's type in the object's BTF, for rings and perf event arrays whose definition does not.
	Type string
	// PerCPU says what becomes of the per-CPU values of a polled map: "sum" (also the zero value) or "list".
	PerCPU string
	// Formats overrides how fields are shown, by field name.
	Formats map[string]record.Format
}

// Stream is one source of records in an object.
type Stream struct {
	Name   string
	Source Source
	Map    *ebpf.MapSpec
	Schema *record.Schema
	// Type is the C type of the records, "struct event"; empty for a polled map.
	Type string
	// Inferred says that the object does not name the type and that Type is the only one that it can be. Tell the user.
	Inferred bool
	// Row is the layout of the records of a polled map.
	Row Row
}

// Row is the layout of one record of a polled map: the tick's number (u64) at 0, its time (ktime, u64) at 8, then at these
// offsets, each a multiple of 8, the key, the CPU (u32) when per-CPU values are listed, and the value.
type Row struct {
	Key, KeySize     uint32
	CPU              uint32 // zero: no such field
	Value, ValueSize uint32
	Size             uint32
	PerCPU           bool // the map has a value for each CPU; they are summed unless there is a CPU field
}

// sourceOf returns how records come out of a map of that type; NoSource if they do not.
func sourceOf(t ebpf.MapType) Source {
	switch t {
	case ebpf.RingBuf:
		return Ring
	case ebpf.PerfEventArray:
		return Perf
	case ebpf.Hash, ebpf.LRUHash, ebpf.PerCPUHash, ebpf.LRUCPUHash, ebpf.Array, ebpf.PerCPUArray:
		return Poll
	default:
		return NoSource
	}
}

func perCPU(t ebpf.MapType) bool {
	return t == ebpf.PerCPUHash || t == ebpf.LRUCPUHash || t == ebpf.PerCPUArray
}
