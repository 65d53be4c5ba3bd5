package probe

import (
	"errors"
	"maps"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// loader makes the maps and programs of one object, one at a time so that each failure is known to belong to one of them.
type loader struct {
	spec     *ebpf.CollectionSpec
	types    *btf.Cache // of the kernel: decoding them takes a while
	maps     map[string]*ebpf.Map
	programs map[string]*ebpf.Program // by site.key
	byName   map[string]*ebpf.Program // the same by name, for tail calls
	contents map[string][]ebpf.MapKV  // of program arrays: they can be filled when the programs are there
}

func newLoader(spec *ebpf.CollectionSpec) *loader {
	return &loader{
		spec: spec, types: btf.NewCache(),
		maps: map[string]*ebpf.Map{}, contents: map[string][]ebpf.MapKV{},
		programs: map[string]*ebpf.Program{}, byName: map[string]*ebpf.Program{},
	}
}

// unlimitMemory lifts the limit that kernels before 5.11 count maps and programs against.
func unlimitMemory() error {
	if err := rlimit.RemoveMemlock(); err != nil {
		return &Error{What: "the limit on locked memory is in the way of loading", Err: err,
			Cure: "raise it with `ulimit -l unlimited` (systemd: LimitMEMLOCK=infinity), or give the host CAP_SYS_RESOURCE"}
	}
	return nil
}

// makeMaps makes all maps.
func (l *loader) makeMaps() error {
	var errs []error
	var outer []string // maps of maps: after those that they hold
	for _, name := range slices.Sorted(maps.Keys(l.spec.Maps)) {
		m := l.spec.Maps[name]
		switch m.Type {
		case ebpf.StructOpsMap: // goes with programs that are not supported
			delete(l.spec.Maps, name)
			continue
		case ebpf.ArrayOfMaps, ebpf.HashOfMaps:
			outer = append(outer, name)
			continue
		case ebpf.ProgramArray:
			l.contents[name], m.Contents = m.Contents, nil
		}
		if err := l.makeMap(name, nil); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, name := range outer {
		if err := l.makeMap(name, l.maps); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// makeMap makes one map; existing are those that it may hold.
func (l *loader) makeMap(name string, existing map[string]*ebpf.Map) error {
	spec := &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{name: l.spec.Maps[name]}}
	for held := range existing {
		spec.Maps[held] = l.spec.Maps[held]
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: existing, Cache: l.types})
	if err != nil {
		return explainMap(name, l.spec.Maps[name], err)
	}
	l.maps[name] = c.Maps[name]
	delete(c.Maps, name)
	c.Close()
	return nil
}

// load has the verifier check the program of a site, unless it has already done so for another. The maps have to be there.
func (l *loader) load(s *site) (*ebpf.Program, error) {
	if prog := l.programs[s.key()]; prog != nil {
		return prog, nil
	}
	prog, err := l.loadProgram(s.Program, s.spec)
	if err != nil {
		return nil, s.explainLoad(err)
	}
	l.programs[s.key()], l.byName[s.Program] = prog, prog
	return prog, nil
}

func (l *loader) loadProgram(name string, spec *ebpf.ProgramSpec) (*ebpf.Program, error) {
	one := &ebpf.CollectionSpec{Maps: l.spec.Maps, Programs: map[string]*ebpf.ProgramSpec{name: spec}, Types: l.spec.Types, ByteOrder: l.spec.ByteOrder}
	load := func(o ebpf.ProgramOptions) (*ebpf.Collection, error) {
		return ebpf.NewCollectionWithOptions(one, ebpf.CollectionOptions{MapReplacements: l.maps, Cache: l.types, Programs: o})
	}
	c, err := load(ebpf.ProgramOptions{LogDisabled: true})
	if err != nil { // once more, to be told why
		level := ebpf.LogLevelBranch
		if errors.Is(err, unix.E2BIG) {
			level = ebpf.LogLevelStats // the verifier gave up after a million instructions: to write them down takes many seconds
		}
		if c, err = load(ebpf.ProgramOptions{LogLevel: level}); err != nil {
			return nil, err
		}
	}
	defer c.Close()
	return c.DetachProgram(name), nil
}

// fillProgramArrays puts the programs where the object says that they are tail-called from.
func (l *loader) fillProgramArrays() error {
	for array, contents := range l.contents {
		for _, kv := range contents {
			value := kv.Value
			if name, ok := value.(string); ok {
				prog := l.byName[name]
				if prog == nil {
					return &Error{Program: name, Attr: "object", What: "is tail-called through map " + array + ", but not loaded"}
				}
				value = prog
			}
			if err := l.maps[array].Put(kv.Key, value); err != nil {
				return &Error{Attr: "object", What: "filling program array " + array + " failed", Err: err}
			}
		}
	}
	return nil
}

func (l *loader) close() error {
	var errs []error
	for _, p := range l.programs {
		errs = append(errs, p.Close())
	}
	for _, m := range l.maps {
		errs = append(errs, m.Close())
	}
	clear(l.programs)
	clear(l.byName)
	clear(l.maps)
	return errors.Join(errs...)
}
