package probe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// attachTracing attaches fentry, fexit, fmod_ret and tp_btf programs. Their target was fixed when they were loaded.
func attachTracing(s *site, prog *ebpf.Program) (*link, error) {
	l, err := bpflink.AttachTracing(bpflink.TracingOptions{Program: prog, AttachType: s.spec.AttachType})
	if err != nil {
		return nil, explainTrampoline(s, err)
	}
	return &link{LinkInfo: LinkInfo{Target: s.Target}, hold: []io.Closer{l}}, nil
}

// attachLSM attaches to a hook of the kernel's security modules. If BPF is not among the active ones, the kernel attaches the program and
// never calls it; that would be a failure without a sign.
func attachLSM(s *site, prog *ebpf.Program) (*link, error) {
	const path = "/sys/kernel/security/lsm"
	var note string
	if active, err := os.ReadFile(path); err != nil {
		note = fmt.Sprintf("cannot tell whether the kernel calls it: %v", err)
	} else if names := strings.TrimSpace(string(active)); !slices.Contains(strings.Split(names, ","), "bpf") {
		return nil, &Error{Attr: "target", What: "this kernel runs without BPF security hooks (it runs " + names + ")",
			Cure: "boot it with lsm=" + names + ",bpf"}
	}
	l, err := bpflink.AttachLSM(bpflink.LSMOptions{Program: prog})
	if err != nil {
		return nil, explainTrampoline(s, err)
	}
	return &link{LinkInfo: LinkInfo{Target: s.Target, Note: note}, hold: []io.Closer{l}}, nil
}

// explainTrampoline says why a kernel does not let a BPF program into the entry of one of its functions.
func explainTrampoline(s *site, err error) error {
	what := fmt.Sprintf("attaching to %s %s failed", s.program.Hook, s.Target)
	switch {
	case errors.Is(err, bpflink.ErrNotSupported) || errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EINVAL):
		return &Error{Attr: "target", What: what + ": this kernel does not let BPF programs into the entry of its functions (that needs a kernel with " +
			"CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS, not locked down), or not of this one",
			Cure: "use a kprobe or tracepoint program instead, or name both in first_of", Err: err}
	default:
		return &Error{Attr: "target", What: what, Err: err}
	}
}
