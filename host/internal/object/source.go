package object

import "github.com/cilium/ebpf"

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

const supportedMaps = "ring buffers, perf event arrays, and polled: Hash, LRUHash, PerCPUHash, LRUCPUHash, Array, PerCPUArray"

// PerCPU reports whether a map of that type, one of those that are polled, has a value for each CPU.
func PerCPU(t ebpf.MapType) bool {
	return t == ebpf.PerCPUHash || t == ebpf.LRUCPUHash || t == ebpf.PerCPUArray
}
