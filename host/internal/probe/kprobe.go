package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/host/internal/object"
)

func checkKprobe(s *site) error {
	if s.Target == "" {
		return s.missing("target", "tcp_connect")
	}
	if _, _, err := functionAndOffset(s.Target); err != nil {
		return &Error{Attr: "target", What: err.Error(), Cure: "write it as function or function+0x10"}
	}
	return nil
}

// attachKprobe attaches to a kernel function or, for ksyscall, to the function that does a system call.
func attachKprobe(s *site, prog *ebpf.Program) (*link, error) {
	function, offset, err := functionAndOffset(s.Target)
	if err != nil {
		return nil, err
	}
	if s.Offset != 0 {
		offset = s.Offset
	}
	if findPMU("kprobe") == "" {
		return nil, &Error{Attr: "target", What: "this kernel is built without kprobes (CONFIG_KPROBE_EVENTS)",
			Cure: "use a tracepoint program instead, or name both in first_of"}
	}
	opts := &bpflink.KprobeOptions{Offset: offset}
	attach := bpflink.Kprobe
	switch s.program.Hook {
	case object.Kretprobe:
		attach = bpflink.Kretprobe
	case object.Ksyscall:
		function = "sys_" + function // the library adds what the machine puts before it
	case object.Kretsyscall:
		function, attach = "sys_"+function, bpflink.Kretprobe
	}
	l, err := attach(function, prog, opts)
	if err != nil {
		return nil, explainKprobe(function, err)
	}
	return &link{LinkInfo: LinkInfo{Target: s.Target}, hold: []io.Closer{l}}, nil
}

// functionAndOffset splits "function+0x10".
func functionAndOffset(target string) (string, uint64, error) {
	function, text, ok := strings.Cut(target, "+")
	if !ok {
		return function, 0, nil
	}
	offset, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return "", 0, fmt.Errorf("target %s has no valid offset", target)
	}
	return function, offset, nil
}

func checkKprobeMulti(s *site) error {
	if s.Target == "" {
		return s.missing("target", "tcp_*")
	}
	if _, err := path.Match(s.Target, ""); err != nil {
		return &Error{Attr: "target", What: s.Target + " is not a pattern of names", Cure: "use * for any text, ? for any letter, or names with commas between"}
	}
	return nil
}

// attachKprobeMulti attaches to functions listed with commas, or to all that match a pattern with * and ?.
func attachKprobeMulti(s *site, prog *ebpf.Program) (*link, error) {
	functions := strings.Split(s.Target, ",")
	if strings.ContainsAny(s.Target, "*?[") {
		tracefs, err := needTracefs(s.log)
		if err != nil {
			return nil, err
		}
		if functions, err = traceableFunctions(tracefs, s.Target); err != nil {
			return nil, &Error{Attr: "target", What: "cannot tell which functions match " + s.Target, Err: err}
		}
		if len(functions) == 0 {
			return nil, &Error{Attr: "target", What: "no function that this kernel lets be traced matches " + s.Target,
				Cure: "see " + tracefs + "/available_filter_functions"}
		}
	}
	attach := bpflink.KprobeMulti
	if s.program.Hook == object.KretprobeMulti {
		attach = bpflink.KretprobeMulti
	}
	l, err := attach(prog, bpflink.KprobeMultiOptions{Symbols: functions})
	switch {
	case errors.Is(err, bpflink.ErrNotSupported):
		return nil, &Error{Attr: "target", What: "this kernel has no kprobe.multi", Cure: "use Linux 5.18 with CONFIG_FPROBE, or a kprobe program", Err: err}
	case err != nil:
		return nil, explainKprobe(s.Target, err)
	}
	note := ""
	if len(functions) > 1 {
		note = fmt.Sprintf("%d functions", len(functions))
	}
	return &link{LinkInfo: LinkInfo{Target: s.Target, Note: note}, hold: []io.Closer{l}}, nil
}

func explainKprobe(function string, err error) error {
	functions := kernelFunctions()
	known := false
	for _, f := range functions {
		// A system call's function has the machine's name before it.
		if f == function || strings.HasPrefix(f, "__") && strings.HasSuffix(f, "_"+function) {
			known = true
			break
		}
	}
	switch {
	case (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)) && len(functions) > 0 && !known:
		return &Error{Attr: "target", What: "this kernel has no function " + function,
			Cure: didYouMean(function, functions, "functions that the compiler inlined do not exist; `grep "+function+" /proc/kallsyms` lists the rest"), Err: err}
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, fs.ErrNotExist):
		return &Error{Attr: "target", What: "this kernel does not let function " + function + " be probed",
			Cure: "choose another; /sys/kernel/debug/kprobes/blacklist lists those that are closed", Err: err}
	default:
		return &Error{Attr: "target", What: "attaching to kernel function " + function + " failed", Err: err}
	}
}
