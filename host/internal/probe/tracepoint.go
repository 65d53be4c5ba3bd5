package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
)

func checkTracepoint(s *site) error {
	if s.Target == "" {
		return s.missing("target", "sched/sched_process_exec")
	}
	category, name, _ := strings.Cut(s.Target, "/")
	if category == "" || name == "" || strings.Contains(name, "/") {
		return &Error{Attr: "target", What: "tracepoint " + s.Target + " is not of the form category/name",
			Cure: withCategory(s.Target, `write it like "sched/sched_process_exec"`)}
	}
	return nil
}

func attachTracepoint(s *site, prog *ebpf.Program) (*link, error) {
	category, name, _ := strings.Cut(s.Target, "/")
	if _, err := needTracefs(s.log); err != nil {
		return nil, err
	}
	l, err := bpflink.Tracepoint(category, name, prog, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Attr: "target", What: "this kernel has no tracepoint " + s.Target,
			Cure: didYouMean(s.Target, tracepointNames(), "`ls "+findTracefs()+"/events/*` lists them"), Err: err}
	}
	if err != nil {
		return nil, &Error{Attr: "target", What: "attaching to tracepoint " + s.Target + " failed", Err: err}
	}
	return &link{LinkInfo: LinkInfo{Target: s.Target}, hold: []io.Closer{l}}, nil
}

// withCategory is the cure for a tracepoint without its category.
func withCategory(name, otherwise string) string {
	for _, full := range tracepointNames() {
		if strings.HasSuffix(full, "/"+name) {
			return "write it as " + full
		}
	}
	return otherwise
}

func checkRawTracepoint(s *site) error {
	if _, name, ok := strings.Cut(s.Target, "/"); ok {
		return &Error{Attr: "target", What: "raw tracepoints are named without a category", Cure: fmt.Sprintf("write %q", name)}
	}
	return needTarget("sched_process_exec")(s)
}

func attachRawTracepoint(s *site, prog *ebpf.Program) (*link, error) {
	l, err := bpflink.AttachRawTracepoint(bpflink.RawTracepointOptions{Name: s.Target, Program: prog})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Attr: "target", What: "this kernel has no tracepoint " + s.Target,
			Cure: didYouMean(s.Target, rawTracepointNames(), "raw tracepoints are named without their category"), Err: err}
	}
	if err != nil {
		return nil, &Error{Attr: "target", What: "attaching to raw tracepoint " + s.Target + " failed", Err: err}
	}
	return &link{LinkInfo: LinkInfo{Target: s.Target}, hold: []io.Closer{l}}, nil
}
