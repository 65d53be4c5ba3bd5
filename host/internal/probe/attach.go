package probe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Attach attaches everything or, after an error, nothing: then the probe is closed too. It is called at most once.
func (p *Probe) Attach() error {
	p.mu.Lock()
	err := p.attach()
	p.mu.Unlock()
	if err != nil {
		return p.named(errors.Join(err, p.Close()))
	}
	return nil
}

func (p *Probe) attach() error {
	if p.attached || p.closed {
		return errors.New("a probe is attached once")
	}
	p.attached = true
	if p.logs != nil {
		p.logs.start()
	}
	if len(p.choice.alternatives) > 0 {
		links, err := p.attachFirst()
		p.links = append(p.links, links...)
		if err != nil {
			return err
		}
	}
	links, err := p.attachAll(p.choice.fixed)
	p.links = append(p.links, links...)
	return err
}

// attachFirst attaches the first alternative that the kernel takes.
func (p *Probe) attachFirst() ([]*link, error) {
	for _, sites := range p.choice.alternatives {
		links, err := p.attachAll(sites)
		if err == nil {
			for _, l := range links {
				for _, r := range p.rejected {
					l.Note = addNote(l.Note, "not "+Errors(r)[0].Program+": "+Errors(r)[0].brief())
				}
			}
			return links, nil
		}
		p.rejected = append(p.rejected, err)
		if err := closeLinks(links); err != nil {
			return nil, err
		}
	}
	return nil, p.noneOf()
}

// attachAll returns the links made so far also with an error.
func (p *Probe) attachAll(sites []*site) ([]*link, error) {
	var links []*link
	for _, s := range sites {
		l, err := s.attach(p.loader.programs[s.key()])
		if err != nil {
			return links, err
		}
		links = append(links, l)
	}
	return links, nil
}

// noneOf is the error that no alternative of first_of works, with the reason of each.
func (p *Probe) noneOf() error {
	cure := "mend one of them, or add one that needs less, such as a tracepoint"
	var what strings.Builder
	what.WriteString("this kernel takes none of the alternatives")
	for _, err := range p.rejected {
		for _, e := range Errors(err) {
			fmt.Fprintf(&what, "\n  %s: %s", e.Program, e.brief())
			if e.unprivileged {
				cure = e.Cure
			}
		}
	}
	return &Error{Attr: "first_of", What: what.String(), Cure: cure}
}

// closeLinks closes the last first.
func closeLinks(links []*link) error {
	var errs []error
	for _, l := range slices.Backward(links) {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

func addNote(note, more string) string {
	if note == "" {
		return more
	}
	return note + "; " + more
}
