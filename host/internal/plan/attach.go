package plan

import (
	"errors"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/probe"
)

// attach checks attach blocks and first_of against the programs of the object.
func (b *builder) attach(p *Probe) {
	for _, a := range p.Config.Attach {
		p.Spec.Attach = append(p.Spec.Attach, a.Attach)
		b.exclusive(p, a)
	}
	for _, alternative := range p.Config.FirstOf.Value {
		p.Spec.FirstOf = append(p.Spec.FirstOf, alternative.Value)
	}
	for _, e := range probe.Errors(probe.Check(p.Spec)) {
		if !p.follows(e) {
			b.diags = append(b.diags, p.diagnostic(e))
		}
	}
}

// follows reports whether an error follows from what could not be understood: it may say that what was given is missing.
func (p *Probe) follows(e *probe.Error) bool {
	if e.Program == "" {
		return p.Config.Incomplete
	}
	if _, missing := errors.AsType[*object.NotFoundError](e.Err); missing {
		return false
	}
	return slices.ContainsFunc(p.Config.Attach, func(a *config.Attach) bool {
		_, understood := a.Args[e.Attr]
		return a.Program == e.Program && a.Incomplete && !understood
	})
}

// exclusive reports an interface that gets a second XDP program: the kernel takes one. Of alternatives only one is attached in the end.
func (b *builder) exclusive(p *Probe, a *config.Attach) {
	program, err := p.Spec.Object.Program(a.Program)
	if err != nil || program.Type != ebpf.XDP || a.Interface == "" {
		return
	}
	if slices.ContainsFunc(p.Config.FirstOf.Value, func(alternative config.Arg[string]) bool { return alternative.Value == a.Program }) {
		return
	}
	at := a.Args["interface"]
	if first, taken := b.xdp[a.Interface]; taken {
		b.fail(at, "Interface taken", "An interface takes one XDP program, and %q has one by line %d of %s already. Where a program for TC does the "+
			"same, attach that: an interface takes many of them.", a.Interface, first.Start.Line, first.Filename)
		return
	}
	b.xdp[a.Interface] = at
}
