package probe

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf"
)

// emitter is a probe of testdata/streams.bpf.c, whose programs a test runs as often as it likes.
type emitter struct {
	*Probe
	t       testing.TB
	globals map[string]*ebpf.VariableSpec
}

// newEmitter loads it with one program, attached to where nothing ever happens.
func newEmitter(t testing.TB, program string, spec Spec) *emitter {
	t.Helper()
	needRoot(t)
	ownNetwork(t)
	spec.Name = "streams"
	if spec.Object == nil {
		spec.Object = open(t, "streams")
	}
	spec.Attach = append(spec.Attach, Attach{Program: program, Interface: "lo"})
	e := &emitter{Probe: load(t, spec), t: t, globals: spec.Object.Spec.Variables}
	if err := e.Attach(); err != nil {
		t.Fatal(err)
	}
	return e
}

// set writes a global variable of the programs.
func (e *emitter) set(name string, value uint64) {
	e.t.Helper()
	v := e.globals[name]
	m := e.loader.maps[v.SectionName]
	var section []byte
	if err := m.Lookup(uint32(0), &section); err != nil {
		e.t.Fatal(err)
	}
	if v.Size() == 4 {
		binary.LittleEndian.PutUint32(section[v.Offset:], uint32(value))
	} else {
		binary.LittleEndian.PutUint64(section[v.Offset:], value)
	}
	if err := m.Put(uint32(0), section); err != nil {
		e.t.Fatal(err)
	}
}

// run runs a program once; it emits count records.
func (e *emitter) run(program string, count uint64) {
	e.t.Helper()
	e.set("count", count)
	if _, err := e.loader.byName[program].Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
		e.t.Fatal(err)
	}
}

// fill is how many bytes a ring has that were not read.
func (e *emitter) fill(stream string) uint64 {
	for _, s := range e.streams {
		if r, ok := s.reader.(*ringReader); ok && s.Name() == stream {
			return r.ring.written() - *r.ring.consumer
		}
	}
	e.t.Fatal("no ring ", stream)
	return 0
}
