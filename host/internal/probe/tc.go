package probe

import (
	"errors"
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"

	"github.com/probehost/probehost/host/internal/object"
)

func checkTC(s *site) error {
	if _, err := s.direction(); err != nil {
		return err
	}
	return checkInterface(s)
}

// attachTC attaches to what enters or leaves an interface: as a TCX link, or on kernels before 6.6 as a filter of the clsact qdisc.
func attachTC(s *site, prog *ebpf.Program) (*link, error) {
	direction, err := s.direction()
	if err != nil {
		return nil, err
	}
	iface, err := findInterface(s.Interface)
	if err != nil {
		return nil, err
	}
	at := ebpf.AttachTCXIngress
	if direction == "egress" {
		at = ebpf.AttachTCXEgress
	}
	l, err := bpflink.AttachTCX(bpflink.TCXOptions{Program: prog, Interface: iface.Index, Attach: at})
	switch {
	case err == nil:
		return &link{LinkInfo: LinkInfo{Type: "tcx/" + direction, Target: iface.Name}, hold: []io.Closer{l}}, nil
	case errors.Is(err, bpflink.ErrNotSupported):
		return attachClsact(s, prog, iface.Name, iface.Index, direction)
	default:
		return nil, &Error{Attr: "interface", What: fmt.Sprintf("attaching to the %s of interface %s failed", direction, iface.Name), Err: err}
	}
}

// direction is "ingress" or "egress", from the section or the target.
func (s *site) direction() (string, error) {
	switch s.program.Hook {
	case object.TCIngress:
		return "ingress", nil
	case object.TCEgress:
		return "egress", nil
	}
	switch s.Target {
	case "ingress", "egress":
		return s.Target, nil
	case "":
		return "", s.missing("target", "ingress")
	default:
		return "", &Error{Attr: "target", What: fmt.Sprintf("there is no direction %q", s.Target), Cure: "use ingress or egress"}
	}
}
