package probe

import (
	"errors"
	"sync"
)

// Probe is an object in the kernel. Its methods may be called by any goroutine.
type Probe struct {
	spec    Spec
	loader  *loader
	choice  *choice
	streams []*Stream
	logs    *logPump // nil: the object writes none, or nobody wants them

	mu       sync.Mutex
	links    []*link
	rejected []error // why alternatives of first_of were not taken
	attached bool
	closed   bool
}

// Links lists what is attached now.
func (p *Probe) Links() []LinkInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	infos := make([]LinkInfo, len(p.links))
	for i, l := range p.links {
		infos[i] = l.LinkInfo
	}
	return infos
}

// Streams lists the streams that the Spec asked for, in its order.
func (p *Probe) Streams() []*Stream { return p.streams }

// Name returns the probe's name.
func (p *Probe) Name() string { return p.spec.Name }

// Detach detaches all programs. Streams can still be read: what was emitted before stays in them. It may be called again.
func (p *Probe) Detach() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := p.links
	p.links = nil
	return closeLinks(links)
}

// Close detaches what is attached and frees all of it. No stream may be running. It may be called again.
func (p *Probe) Close() error {
	errs := []error{p.Detach()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.logs != nil {
		p.logs.stop()
		errs = append(errs, p.logs.reader.close())
	}
	for _, s := range p.streams {
		errs = append(errs, s.reader.close())
	}
	if p.loader != nil {
		errs = append(errs, p.loader.close())
	}
	return errors.Join(errs...)
}

// named puts the probe's name into all errors.
func (p *Probe) named(err error) error {
	var errs []error
	for _, e := range Errors(err) {
		e.Probe = p.spec.Name
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
