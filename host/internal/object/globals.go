package object

import (
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/host/internal/schema"
)

// globals are the streams that an object's global variables make when they are polled: those that begin as zero, and those that begin as
// something else. The compiler puts each sort into a section, ".bss" and ".data", and the library makes an array of one element of it.
var globals = []string{"bss", "data"}

// variables returns the global variables that the stream of that name has; nil if there is no such stream.
func (o *Object) variables(name string) *btf.Struct {
	m := o.Spec.Maps["."+name]
	if m == nil || !slices.Contains(globals, name) {
		return nil
	}
	section, ok := m.Value.(*btf.Datasec)
	if !ok {
		return nil
	}
	s := schema.Globals(section)
	if len(s.Members) == 0 {
		return nil
	}
	return s
}
