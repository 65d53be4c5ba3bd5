package probe

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// lossCounter reads how many records of a stream did not fit, ever. It never goes back.
type lossCounter interface {
	total() (uint64, error)
}

// lostSuffix is what the map that counts a stream's losses is called, after the stream's name.
const lostSuffix = "_lost"

// lostMap is a per-CPU array whose first element counts lost records, as probe.bpf.h declares it.
type lostMap struct {
	m      *ebpf.Map
	perCPU []uint64
}

// newLostMap returns nil when m is not such a counter.
func newLostMap(m *ebpf.Map) *lostMap {
	if m == nil || m.Type() != ebpf.PerCPUArray || m.KeySize() != 4 || m.ValueSize() != 8 || m.MaxEntries() == 0 {
		return nil
	}
	return &lostMap{m: m}
}

func (l *lostMap) total() (uint64, error) {
	if err := l.m.Lookup(uint32(0), &l.perCPU); err != nil {
		return 0, fmt.Errorf("read the counter of lost records: %w", err)
	}
	var sum uint64
	for _, n := range l.perCPU {
		sum += n
	}
	return sum, nil
}
