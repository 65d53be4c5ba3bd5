package probe

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func checkXDP(s *site) error {
	switch s.Mode {
	case "", "auto", "native", "generic":
		return checkInterface(s)
	default:
		return &Error{Attr: "mode", What: fmt.Sprintf("there is no XDP mode %q", s.Mode), Cure: "use auto, native or generic"}
	}
}

// attachXDP attaches to an interface: natively in the driver, or generically behind it. In mode auto the second is used when the first
// fails, which has many reasons: no support, an MTU too large, too few queues.
func attachXDP(s *site, prog *ebpf.Program) (*link, error) {
	iface, err := findInterface(s.Interface)
	if err != nil {
		return nil, err
	}
	attach := func(mode string, flags bpflink.XDPAttachFlags) (*link, error) {
		l, err := bpflink.AttachXDP(bpflink.XDPOptions{Program: prog, Interface: iface.Index, Flags: flags})
		if err != nil {
			return nil, explainXDP(iface, mode, err)
		}
		return &link{LinkInfo: LinkInfo{Type: "xdp", Target: iface.Name, Note: mode + " mode"}, hold: []io.Closer{l}}, nil
	}
	switch s.Mode {
	case "native":
		return attach("native", bpflink.XDPDriverMode)
	case "generic":
		return attach("generic", bpflink.XDPGenericMode)
	}
	l, nativeErr := attach("native", bpflink.XDPDriverMode)
	if nativeErr == nil || slotTaken(nativeErr) || errors.Is(nativeErr, unix.EPERM) {
		return l, nativeErr
	}
	if l, err = attach("generic", bpflink.XDPGenericMode); err != nil {
		return nil, err
	}
	l.Note += ", slower than native, which " + iface.Name + " refused: " + cause(nativeErr)
	return l, nil
}

func slotTaken(err error) bool { return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST) }

func explainXDP(iface *net.Interface, mode string, err error) error {
	switch {
	case slotTaken(err):
		return &Error{Attr: "interface", What: fmt.Sprintf("interface %s has an XDP program already%s, and takes no second", iface.Name, xdpOwner(iface)),
			Cure: "stop what attached it, or use TC programs instead, of which an interface takes many", Err: err}
	case errors.Is(err, unix.EOPNOTSUPP) && mode == "native":
		return &Error{Attr: "mode", What: fmt.Sprintf("the driver of %s has no native XDP", iface.Name), Cure: "use mode auto or generic", Err: err}
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ERANGE) || errors.Is(err, unix.EOPNOTSUPP):
		return &Error{Attr: "interface", What: fmt.Sprintf("interface %s refuses XDP in %s mode (its MTU is %d, which may be too large)", iface.Name, mode, iface.MTU),
			Cure: "see the kernel's log (dmesg) for the driver's reason", Err: err}
	default:
		return &Error{Attr: "interface", What: fmt.Sprintf("attaching to interface %s failed in %s mode", iface.Name, mode), Err: err}
	}
}

// xdpOwner says which program an interface has, as far as that can be found out.
func xdpOwner(iface *net.Interface) string {
	nl, err := netlink.LinkByIndex(iface.Index)
	if err != nil || nl.Attrs().Xdp == nil || nl.Attrs().Xdp.ProgId == 0 {
		return ""
	}
	id := nl.Attrs().Xdp.ProgId
	prog, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if err != nil {
		return fmt.Sprintf(" (program id %d)", id)
	}
	defer prog.Close()
	info, err := prog.Info()
	if err != nil {
		return fmt.Sprintf(" (program id %d)", id)
	}
	return fmt.Sprintf(" (program %s, id %d)", info.Name, id)
}

// cause is the text of the error behind an Error.
func cause(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}
