package probe

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/object"
)

// site is one program and one place where it is to be attached.
type site struct {
	program *object.Program
	spec    *ebpf.ProgramSpec
	Attach  // with Target filled in from the section
	log     hclog.Logger
}

// LinkInfo is one attached program.
type LinkInfo struct {
	Program string
	Type    string // "xdp", "tcx/ingress", "kprobe", ...
	Target  string // the interface, function, tracepoint, ... that it is attached to
	Note    string // what is worth knowing about it, empty if nothing is
}

// link is an attached program; closing it in order detaches it.
type link struct {
	LinkInfo
	hold []io.Closer
}

func (l *link) Close() error {
	var errs []error
	for _, h := range l.hold {
		if err := h.Close(); err != nil {
			errs = append(errs, fmt.Errorf("detach %s from %s: %w", l.Program, l.Target, err))
		}
	}
	l.hold = nil
	return errors.Join(errs...)
}

// hook says how the programs of one kind are attached.
type hook struct {
	// attrs are the attributes of an attach block that mean something to it.
	attrs []string
	// check finds what is missing or wrong in the attributes, without the kernel.
	check func(*site) error
	// attach is called after check.
	attach func(*site, *ebpf.Program) (*link, error)
}

var hooks = map[object.Hook]hook{
	object.XDP:            {[]string{"interface", "mode"}, checkXDP, attachXDP},
	object.TC:             {[]string{"interface", "target"}, checkTC, attachTC},
	object.TCIngress:      {[]string{"interface"}, checkTC, attachTC},
	object.TCEgress:       {[]string{"interface"}, checkTC, attachTC},
	object.SocketFilter:   {[]string{"interface"}, checkInterface, attachSocketFilter},
	object.Tracepoint:     {[]string{"target"}, checkTracepoint, attachTracepoint},
	object.RawTracepoint:  {[]string{"target"}, checkRawTracepoint, attachRawTracepoint},
	object.BTFTracepoint:  {[]string{"target"}, needTarget("sched_process_exec"), attachTracing},
	object.Fentry:         {[]string{"target"}, needTarget("tcp_connect"), attachTracing},
	object.Fexit:          {[]string{"target"}, needTarget("tcp_connect"), attachTracing},
	object.FmodRet:        {[]string{"target"}, needTarget("security_file_open"), attachTracing},
	object.LSM:            {[]string{"target"}, needTarget("file_open"), attachLSM},
	object.Kprobe:         {[]string{"target", "offset"}, checkKprobe, attachKprobe},
	object.Kretprobe:      {[]string{"target"}, checkKprobe, attachKprobe},
	object.Ksyscall:       {[]string{"target"}, needTarget("connect"), attachKprobe},
	object.Kretsyscall:    {[]string{"target"}, needTarget("connect"), attachKprobe},
	object.KprobeMulti:    {[]string{"target"}, checkKprobeMulti, attachKprobeMulti},
	object.KretprobeMulti: {[]string{"target"}, checkKprobeMulti, attachKprobeMulti},
	object.Uprobe:         {[]string{"binary", "symbol", "offset", "pid"}, checkUprobe, attachUprobe},
	object.Uretprobe:      {[]string{"binary", "symbol", "offset", "pid"}, checkUprobe, attachUprobe},
	object.PerfEvent:      {[]string{"event", "frequency", "period"}, checkPerfEvent, attachPerfEvent},
	object.Cgroup:         {[]string{"cgroup", "target"}, checkCgroup, attachCgroup},
	object.SockOps:        {[]string{"cgroup"}, checkCgroup, attachCgroup},
}

// newSite checks what can be checked without the kernel.
func newSite(p *object.Program, spec *ebpf.ProgramSpec, a Attach, log hclog.Logger) (*site, error) {
	h, ok := hooks[p.Hook]
	if !ok || p.Unsupported != "" {
		why := p.Unsupported
		if why == "" {
			why = fmt.Sprintf("programs of section %q, type %s, are not supported yet", p.Section, p.Type)
		}
		return nil, &Error{Program: p.Name, What: "cannot be attached: " + why}
	}
	for _, attr := range a.given() {
		if !slices.Contains(h.attrs, attr) {
			return nil, &Error{Program: p.Name, Attr: attr,
				What: fmt.Sprintf("%q means nothing to a program of section %q", attr, p.Section),
				Cure: fmt.Sprintf("remove it; such programs take %s", list(h.attrs))}
		}
	}
	if a.Target == "" {
		a.Target = p.Target
	}
	a.Program = p.Name
	s := &site{program: p, spec: spec, Attach: a, log: log}
	if s.targetIsLoaded() {
		s.spec = spec.Copy()
		s.spec.AttachTo = a.Target
	}
	if err := h.check(s); err != nil {
		return nil, s.about(err)
	}
	return s, nil
}

// targetIsLoaded says that the program is loaded for its target, not for any.
func (s *site) targetIsLoaded() bool {
	switch s.program.Hook {
	case object.Fentry, object.Fexit, object.FmodRet, object.LSM, object.BTFTracepoint:
		return true
	}
	return false
}

// key tells apart what has to be loaded more than once.
func (s *site) key() string {
	if s.targetIsLoaded() {
		return s.Program + "/" + s.Target
	}
	return s.Program
}

// attach attaches prog, which was loaded from the site's spec.
func (s *site) attach(prog *ebpf.Program) (*link, error) {
	l, err := hooks[s.program.Hook].attach(s, prog)
	if err != nil {
		return nil, s.explainAttach(err)
	}
	l.Program = s.Program
	if l.Type == "" {
		l.Type = string(s.program.Hook)
	}
	return l, nil
}

// about puts the program's name into all errors.
func (s *site) about(err error) error {
	for _, e := range Errors(err) {
		e.Program = s.Program
	}
	return err
}

// needTarget checks that there is a target.
func needTarget(example string) func(*site) error {
	return func(s *site) error {
		if s.Target == "" {
			return s.missing("target", example)
		}
		return nil
	}
}

// missing is the error for an attribute that the section does not make up for.
func (s *site) missing(attr, example string) error {
	return &Error{Attr: attr, What: fmt.Sprintf("nothing says where a program of section %q is attached", s.program.Section),
		Cure: fmt.Sprintf("write attach %q { %s = %q }", s.Program, attr, example)}
}

// given names the attributes that are set.
func (a *Attach) given() []string {
	var names []string
	for _, attr := range []struct {
		name string
		set  bool
	}{
		{"interface", a.Interface != ""}, {"mode", a.Mode != ""}, {"target", a.Target != ""}, {"binary", a.Binary != ""},
		{"symbol", a.Symbol != ""}, {"offset", a.Offset != 0}, {"pid", a.Pid != 0}, {"cgroup", a.Cgroup != ""},
		{"event", a.Event != ""}, {"frequency", a.Frequency != 0}, {"period", a.Period != 0},
	} {
		if attr.set {
			names = append(names, attr.name)
		}
	}
	return names
}
