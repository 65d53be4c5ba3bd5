// Package object opens a compiled BPF object (an ELF file) and says what is in it: programs and what they attach to, maps,
// and streams with the schema of their records. It needs neither a kernel nor privileges, and takes the file as hostile.
package object

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// Object is an opened BPF object. It is immutable; any number of goroutines may read it. What loads it copies [Object.Spec] first.
type Object struct {
	// Name is what the object is called in messages: the path or name that the user gave.
	Name string
	// Spec is the object as cilium/ebpf understands it.
	Spec *ebpf.CollectionSpec

	programs []Program
	types    *typeIndex
}

// Open reads an object from the bytes of its file. The error says what is wrong with a file that is no BPF object, is compiled for the
// other byte order, is damaged, or exceeds the bounds in this package.
func Open(name string, elf []byte) (*Object, error) {
	if err := checkBounds(elf); err != nil {
		return nil, fmt.Errorf("object %s: %w", name, err)
	}
	spec, err := load(elf)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", name, err)
	}
	if spec.ByteOrder != nil && spec.ByteOrder.String() != binary.LittleEndian.String() {
		return nil, fmt.Errorf("object %s: compiled for big-endian machines: compile it with -target bpfel", name)
	}
	o := &Object{Name: name, Spec: spec, programs: programsOf(spec)}
	if o.types, err = indexTypes(spec); err != nil {
		return nil, fmt.Errorf("object %s: its BTF is damaged: %w", name, err)
	}
	return o, nil
}

// load parses the file. The parser panics on some damaged files; that is no reason to stop the host.
func load(elf []byte) (spec *ebpf.CollectionSpec, err error) {
	defer func() {
		if r := recover(); r != nil {
			spec, err = nil, fmt.Errorf("the file is damaged: parser: %v", r)
		}
	}()
	spec, err = ebpf.LoadCollectionSpecFromReader(bytes.NewReader(elf))
	if errors.Is(err, ebpf.ErrNotSupported) {
		return nil, fmt.Errorf("the object has something that this version cannot load: %w", err)
	}
	return spec, err
}

// Programs lists the programs, sorted by name.
func (o *Object) Programs() []Program { return o.programs }

// Program returns the program of that name, or a [NotFoundError].
func (o *Object) Program(name string) (*Program, error) {
	i, ok := slices.BinarySearchFunc(o.programs, name, func(p Program, name string) int { return strings.Compare(p.Name, name) })
	if !ok {
		names := make([]string, len(o.programs))
		for i := range o.programs {
			names[i] = o.programs[i].Name
		}
		return nil, &NotFoundError{What: "program", Name: name, Object: o.Name, Have: names}
	}
	return &o.programs[i], nil
}

// Streams names the maps that are streams by themselves, sorted: ring buffers and perf event arrays.
func (o *Object) Streams() []string {
	return o.mapNames(func(m *ebpf.MapSpec) bool { return sourceOf(m.Type) == Ring || sourceOf(m.Type) == Perf })
}

// Maps names the maps that [Object.Stream] takes, sorted: those of Streams and those that can be polled, with [globals] among them.
func (o *Object) Maps() []string {
	names := o.mapNames(func(m *ebpf.MapSpec) bool { return sourceOf(m.Type) != NoSource })
	for _, name := range globals {
		if o.Spec.Maps[name] == nil && o.variables(name) != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (o *Object) mapNames(keep func(*ebpf.MapSpec) bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(o.Spec.Maps)) {
		if !Internal(name) && keep(o.Spec.Maps[name]) {
			names = append(names, name)
		}
	}
	return names
}

// Internal reports whether a map of that name belongs to the object's machinery and is never a stream.
func Internal(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "probe_")
}
