package object

import (
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// Program is one program of an object.
type Program struct {
	Name string
	Type ebpf.ProgramType
	// Section is the ELF section that the program is in, such as "tracepoint/sched/sched_process_exec".
	Section string
	// Hook is the kind of thing that the program attaches to; all of its ways of writing the section come to the same Hook.
	Hook Hook
	// Target is what the section names after its first part: "sched/sched_process_exec", "tcp_connect",
	// "/bin/bash:readline"; empty if it names nothing.
	Target string
	// Auto says that the program attaches without an attach block.
	Auto bool
	// Attrs are the attributes that an attach block must give because the section does not; empty if Auto.
	Attrs []string
	// Needs says in words what an attach block gives: "interface", "binary and symbol", also "cgroup", which has a default and is
	// not among Attrs; empty if Auto.
	Needs string
	// Unsupported says why this version cannot attach the program; empty if it can.
	Unsupported string
}

func programsOf(spec *ebpf.CollectionSpec) []Program {
	programs := make([]Program, 0, len(spec.Programs))
	for _, name := range slices.Sorted(maps.Keys(spec.Programs)) {
		programs = append(programs, newProgram(name, spec.Programs[name]))
	}
	return programs
}

func newProgram(name string, spec *ebpf.ProgramSpec) Program {
	p := Program{Name: name, Type: spec.Type, Section: spec.SectionName}
	def, target := lookupSection(p.Section)
	p.Hook, p.Target = def.hook, target
	switch {
	case def.unsupported != "":
		p.Unsupported = def.unsupported
		return p
	case def.complete != nil && def.complete(target):
		// A "?" before the section is libbpf's mark for programs that are not to be loaded by default.
		if p.Auto = !strings.HasPrefix(p.Section, "?"); !p.Auto {
			p.Needs = "an attach block, even an empty one (its section begins with ?)"
		}
		return p
	}
	p.Attrs, p.Needs = def.attrs, def.needs
	if p.Needs == "" {
		p.Needs = strings.Join(def.attrs, " and ")
	}
	return p
}
