package probe

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/probehost/probehost/host/internal/object"
)

// explainMap says why a map could not be made.
func explainMap(name string, m *ebpf.MapSpec, err error) error {
	e := &Error{Stream: name, Attr: "object", Err: err,
		What: fmt.Sprintf("the kernel refuses map %s (type %s, keys of %d bytes, values of %d bytes, %d entries, flags %#x)",
			name, m.Type, m.KeySize, m.ValueSize, m.MaxEntries, m.Flags)}
	switch {
	case errors.Is(err, unix.EPERM):
		return explainPermission("making map "+name, err, cap.BPF)
	case errors.Is(features.HaveMapType(m.Type), ebpf.ErrNotSupported):
		e.Cure = "this kernel does not have maps of that type: use a later one"
	case errors.Is(err, unix.ENOMEM):
		e.Cure = "there is not enough memory for it: make it smaller, or raise the memory limit of the host's cgroup"
	case errors.Is(err, unix.E2BIG):
		e.Cure = "it is too large: make it smaller"
	case errors.Is(err, unix.EINVAL):
		e.Cure = "the kernel does not allow that combination of sizes and flags for a map of that type"
	}
	return e
}

// explainReader says why what a stream is read from could not be opened.
func explainReader(s StreamSpec, err error) error {
	e := &Error{Stream: s.Name, What: "its map cannot be read", Err: err}
	why, cure := perfClosed()
	switch {
	case s.Source == object.Perf && why != "":
		e.What, e.Cure = e.What+": "+why, cure
	case errors.Is(err, unix.ENOMEM):
		e.Attr, e.Cure = "size", "there is not enough memory for it: make it smaller"
	case s.Source == object.Perf && len(lacking(cap.IPC_LOCK)) > 0: // the library does not tell the errno
		e.Attr, e.Cure = "size", "without CAP_IPC_LOCK the buffers of all CPUs may take what /proc/sys/kernel/perf_event_mlock_kb says, times the CPUs: "+
			"make them smaller, or "+howToGet(lacking(cap.IPC_LOCK))
	}
	return e
}

// explainLoad says why a program could not be loaded.
func (s *site) explainLoad(err error) error {
	e := &Error{Program: s.Program, Attr: "object", What: "the kernel refuses it", Err: err}
	var verifier *ebpf.VerifierError
	switch {
	case errors.As(err, &verifier) && len(verifier.Log) > 0:
		e.What, e.Cure = explainVerifier(verifier, s.spec)
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		e = explainPermission("loading it", err, cap.BPF, cap.PERFMON)
		e.Program, e.Attr = s.Program, "object"
	case errors.Is(err, btf.ErrNotFound) || errors.Is(err, ebpf.ErrNotSupported):
		s.explainTypes(e)
	case errors.Is(features.HaveProgramType(s.spec.Type), ebpf.ErrNotSupported):
		e.What = fmt.Sprintf("this kernel has no programs of type %s", s.spec.Type)
		e.Cure = "use a later kernel, or a program of another type"
	}
	return e
}

// explainTypes is about the kernel's types, which say where the fields are that a program reads and which functions it can attach to.
func (s *site) explainTypes(e *Error) {
	types, err := btf.LoadKernelSpec()
	if err != nil {
		e.What = "this kernel has no BTF (/sys/kernel/btf/vmlinux), which the program needs to find types and functions of the kernel"
		e.Cure = "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as those of the distributions are since 2021"
		e.Err = err
		return
	}
	if !s.targetIsLoaded() || s.Target == "" {
		return
	}
	e.Attr = "target"
	var names []string
	prefix, what := "", "function"
	switch s.program.Hook {
	case object.BTFTracepoint:
		prefix, what = "btf_trace_", "tracepoint"
	case object.LSM:
		prefix, what = "bpf_lsm_", "security hook"
	}
	for t, err := range types.All() {
		if err != nil {
			e.Cure = "the kernel's types cannot be read: " + err.Error()
			return
		}
		name := t.TypeName()
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		_, isFunc := t.(*btf.Func)
		_, isTypedef := t.(*btf.Typedef)
		if isFunc && s.program.Hook != object.BTFTracepoint || isTypedef && s.program.Hook == object.BTFTracepoint {
			if name = strings.TrimPrefix(name, prefix); name == s.Target {
				return // it exists: something else is wrong
			}
			names = append(names, name)
		}
	}
	e.What = fmt.Sprintf("this kernel has no %s %s that BPF programs could attach to", what, s.Target)
	e.Cure = didYouMean(s.Target, names, "functions that the compiler inlined do not exist")
}

// explainAttach completes the error of an attacher.
func (s *site) explainAttach(err error) error {
	err = s.about(err)
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
		return err
	}
	needed := []cap.Value{cap.PERFMON}
	switch s.program.Hook {
	case object.XDP, object.TC, object.TCIngress, object.TCEgress, object.Cgroup, object.SockOps:
		needed = []cap.Value{cap.NET_ADMIN}
	case object.SocketFilter:
		needed = []cap.Value{cap.NET_RAW}
	case object.Tracepoint:
		needed = []cap.Value{cap.PERFMON, cap.DAC_READ_SEARCH} // tracefs is for root alone
	}
	if len(lacking(needed...)) == 0 {
		why, cure := perfClosed()
		switch {
		case why != "" && s.usesPerfEvents():
			return &Error{Program: s.Program, What: "attaching it failed: " + why, Cure: cure, Err: err, unprivileged: true}
		case lockdown() == "":
			return err
		}
	}
	e := explainPermission("attaching it", err, needed...)
	e.Program = s.Program
	return e
}

// usesPerfEvents says that the program is attached to a perf event.
func (s *site) usesPerfEvents() bool {
	switch s.program.Hook {
	case object.Tracepoint, object.Kprobe, object.Kretprobe, object.Ksyscall, object.Kretsyscall, object.Uprobe, object.Uretprobe, object.PerfEvent:
		return true
	}
	return false
}
