package object

import "strings"

// Hook is the kind of place that a program attaches to.
type Hook string

const (
	NoHook         Hook = ""
	XDP            Hook = "xdp"
	TC             Hook = "tc"          // direction not said
	TCIngress      Hook = "tcx/ingress" // TCX, or clsact on kernels before 6.6
	TCEgress       Hook = "tcx/egress"
	SocketFilter   Hook = "socket"
	Tracepoint     Hook = "tracepoint"
	RawTracepoint  Hook = "raw_tracepoint"
	BTFTracepoint  Hook = "tp_btf"
	Fentry         Hook = "fentry"
	Fexit          Hook = "fexit"
	FmodRet        Hook = "fmod_ret"
	Kprobe         Hook = "kprobe"
	Kretprobe      Hook = "kretprobe"
	KprobeMulti    Hook = "kprobe.multi"
	KretprobeMulti Hook = "kretprobe.multi"
	Ksyscall       Hook = "ksyscall"
	Kretsyscall    Hook = "kretsyscall"
	Uprobe         Hook = "uprobe"
	Uretprobe      Hook = "uretprobe"
	LSM            Hook = "lsm"
	PerfEvent      Hook = "perf_event"
	Cgroup         Hook = "cgroup" // the program's attach type says which of a cgroup's hooks
	SockOps        Hook = "sockops"
)

// sectionDef says what a section name means.
type sectionDef struct {
	// name is the section's first part, or a whole section that means something else than its first part.
	name        string
	hook        Hook
	attrs       []string // what an attach block must give
	needs       string   // the same for people; empty: made of attrs
	complete    func(target string) bool
	loose       bool // name is a prefix of any length: "xdp_drop" is "xdp", as for libbpf
	unsupported string
}

var (
	onInterface = []string{"interface"}
	onTarget    = []string{"target"}
	onBinary    = []string{"binary", "symbol"}
)

func named(target string) bool { return target != "" }

// categoryAndName: "sched/sched_process_exec".
func categoryAndName(target string) bool {
	category, name, ok := strings.Cut(target, "/")
	return ok && category != "" && name != ""
}

// binaryAndSymbol: "/bin/bash:readline".
func binaryAndSymbol(target string) bool {
	binary, symbol, ok := strings.Cut(target, ":")
	return ok && binary != "" && symbol != ""
}

// sections is searched for the whole section name first, then for its first part.
var sections = []sectionDef{
	{name: "xdp", loose: true, hook: XDP, attrs: onInterface},
	{name: "xdp.frags", loose: true, hook: XDP, attrs: onInterface},
	{name: "xdp/devmap", unsupported: "it runs from a device map, not from an interface"},
	{name: "xdp.frags/devmap", unsupported: "it runs from a device map, not from an interface"},
	{name: "xdp/cpumap", unsupported: "it runs from a CPU map, not from an interface"},
	{name: "xdp.frags/cpumap", unsupported: "it runs from a CPU map, not from an interface"},
	{name: "tcx/ingress", hook: TCIngress, attrs: onInterface},
	{name: "tcx/egress", hook: TCEgress, attrs: onInterface},
	{name: "tc/ingress", hook: TCIngress, attrs: onInterface},
	{name: "tc/egress", hook: TCEgress, attrs: onInterface},
	{name: "tc", loose: true, hook: TC, attrs: []string{"interface", "target"}, needs: `interface, and target "ingress" or "egress"`},
	{name: "classifier", loose: true, hook: TC, attrs: []string{"interface", "target"}, needs: `interface, and target "ingress" or "egress"`},
	{name: "socket", loose: true, hook: SocketFilter, attrs: onInterface},

	{name: "tracepoint", hook: Tracepoint, attrs: onTarget, needs: "target: category/name", complete: categoryAndName},
	{name: "tp", hook: Tracepoint, attrs: onTarget, needs: "target: category/name", complete: categoryAndName},
	{name: "raw_tracepoint", hook: RawTracepoint, attrs: onTarget, needs: "target: a tracepoint's name", complete: named},
	{name: "raw_tp", hook: RawTracepoint, attrs: onTarget, needs: "target: a tracepoint's name", complete: named},
	{name: "raw_tracepoint.w", hook: RawTracepoint, attrs: onTarget, needs: "target: a tracepoint's name", complete: named},
	{name: "raw_tp.w", hook: RawTracepoint, attrs: onTarget, needs: "target: a tracepoint's name", complete: named},
	{name: "tp_btf", hook: BTFTracepoint, attrs: onTarget, needs: "target: a tracepoint's name", complete: named},

	{name: "fentry", hook: Fentry, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "fentry.s", hook: Fentry, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "fexit", hook: Fexit, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "fexit.s", hook: Fexit, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "fmod_ret", hook: FmodRet, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "fmod_ret.s", hook: FmodRet, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "lsm", hook: LSM, attrs: onTarget, needs: "target: an LSM hook", complete: named},
	{name: "lsm.s", hook: LSM, attrs: onTarget, needs: "target: an LSM hook", complete: named},

	{name: "kprobe", hook: Kprobe, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "kretprobe", hook: Kretprobe, attrs: onTarget, needs: "target: a kernel function", complete: named},
	{name: "kprobe.multi", hook: KprobeMulti, attrs: onTarget, needs: "target: kernel functions, with * and ?", complete: named},
	{name: "kretprobe.multi", hook: KretprobeMulti, attrs: onTarget, needs: "target: kernel functions, with * and ?", complete: named},
	{name: "ksyscall", hook: Ksyscall, attrs: onTarget, needs: "target: a system call", complete: named},
	{name: "kretsyscall", hook: Kretsyscall, attrs: onTarget, needs: "target: a system call", complete: named},
	{name: "uprobe", hook: Uprobe, attrs: onBinary, complete: binaryAndSymbol},
	{name: "uprobe.s", hook: Uprobe, attrs: onBinary, complete: binaryAndSymbol},
	{name: "uretprobe", hook: Uretprobe, attrs: onBinary, complete: binaryAndSymbol},
	{name: "uretprobe.s", hook: Uretprobe, attrs: onBinary, complete: binaryAndSymbol},
	{name: "perf_event", loose: true, hook: PerfEvent, needs: "event, and frequency or period"},

	{name: "sockops", loose: true, hook: SockOps, needs: "cgroup"},
	{name: "cgroup/skb", hook: Cgroup, attrs: onTarget, needs: `cgroup, and target "ingress" or "egress"`},
	{name: "cgroup_skb", hook: Cgroup, needs: "cgroup"},
	{name: "cgroup", hook: Cgroup, needs: "cgroup"},

	{name: "lsm_cgroup", unsupported: "LSM programs of a cgroup are not supported yet"},
	{name: "iter", unsupported: "iterators are not supported yet"},
	{name: "iter.s", unsupported: "iterators are not supported yet"},
	{name: "struct_ops", unsupported: "struct_ops programs are not supported yet"},
	{name: "struct_ops.s", unsupported: "struct_ops programs are not supported yet"},
	{name: "usdt", unsupported: "USDT probes are not supported yet"},
	{name: "usdt.s", unsupported: "USDT probes are not supported yet"},
	{name: "freplace", unsupported: "extension programs are not supported yet"},
	{name: "syscall", unsupported: "syscall programs run on demand and attach to nothing"},
}

// lookupSection returns what a section means and what it names as target. A leading "?" is no part of it.
func lookupSection(section string) (sectionDef, string) {
	section = strings.TrimPrefix(section, "?")
	first, target, _ := strings.Cut(section, "/")
	for _, def := range sections {
		if def.name == section {
			return def, ""
		}
	}
	for _, def := range sections {
		if def.name == first {
			return def, target
		}
	}
	for _, def := range sections {
		if def.loose && strings.HasPrefix(section, def.name) {
			return def, ""
		}
	}
	return sectionDef{unsupported: "programs in section " + first + " are not supported yet"}, target
}
