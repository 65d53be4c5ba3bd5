package probe

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/object"
)

// choice is which programs of an object are loaded, and where they go.
type choice struct {
	fixed        []*site   // all of these have to attach
	alternatives [][]*site // first_of in its order, each with all of its places; one of them has to attach
	called       []*site   // programs that others tail-call: loaded, but attached to nothing
}

// choose decides what to do with each program: attach it where its section or an attach block says, try it as an alternative, or leave it
// out. All errors come at once.
func choose(spec *Spec, programs map[string]*ebpf.ProgramSpec, maps map[string]*ebpf.MapSpec) (*choice, error) {
	var errs []error
	places := map[string][]Attach{}
	for _, a := range spec.Attach {
		if _, err := spec.Object.Program(a.Program); err != nil {
			errs = append(errs, &Error{Program: a.Program, Attr: "object", What: "cannot be attached", Err: err})
			continue
		}
		places[a.Program] = append(places[a.Program], a)
	}
	for _, name := range spec.FirstOf {
		if _, err := spec.Object.Program(name); err != nil {
			errs = append(errs, &Error{Program: name, Attr: "first_of", What: "cannot be tried", Err: err})
		}
	}
	c := &choice{alternatives: make([][]*site, len(spec.FirstOf))}
	called := tailCalled(maps)
	var left []string
	for _, p := range spec.Object.Programs() {
		alternative := slices.Index(spec.FirstOf, p.Name)
		blocks, ok := places[p.Name]
		if !ok {
			switch {
			case alternative >= 0 && !p.Auto && p.Unsupported == "":
				errs = append(errs, &Error{Program: p.Name, Attr: "first_of", What: "does not say where it is attached",
					Cure: fmt.Sprintf("add an attach %q block with %s", p.Name, p.Needs)})
				continue
			case alternative < 0 && (!p.Auto || p.Unsupported != ""):
				if slices.Contains(called, p.Name) {
					c.called = append(c.called, &site{program: &p, spec: programs[p.Name], Attach: Attach{Program: p.Name, Target: p.Target}, log: spec.Log})
				} else {
					left = append(left, leftOut(&p))
				}
				continue
			}
			blocks = []Attach{{Program: p.Name}}
		}
		for _, a := range blocks {
			s, err := newSite(&p, programs[p.Name], a, spec.Log)
			switch {
			case err != nil:
				errs = append(errs, err)
			case alternative >= 0:
				c.alternatives[alternative] = append(c.alternatives[alternative], s)
			default:
				c.fixed = append(c.fixed, s)
			}
		}
	}
	if len(errs) == 0 && len(c.fixed) == 0 && len(c.alternatives) == 0 {
		e := &Error{Attr: "object", What: "no program of object " + spec.Object.Name + " attaches to anything", Cure: strings.Join(left, "; ")}
		if len(left) == 0 {
			e.What = "object " + spec.Object.Name + " has no programs"
		}
		errs, left = append(errs, e), nil
	}
	for _, l := range left {
		spec.Log.Debug("program is left out", "why", l)
	}
	return c, errors.Join(errs...)
}

func leftOut(p *object.Program) string {
	if p.Unsupported != "" {
		return fmt.Sprintf("program %q cannot be attached: %s", p.Name, p.Unsupported)
	}
	return fmt.Sprintf("program %q needs an attach block with %s", p.Name, p.Needs)
}

// tailCalled names the programs that the object itself puts into program arrays.
func tailCalled(maps map[string]*ebpf.MapSpec) []string {
	var names []string
	for _, m := range maps {
		if m.Type != ebpf.ProgramArray {
			continue
		}
		for _, kv := range m.Contents {
			if name, ok := kv.Value.(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
