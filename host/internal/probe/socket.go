package probe

import (
	"errors"
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// packetSocket is a socket that sees an interface's packets, for the sake of its filter. Nobody reads it: packets that the program
// accepts lie in its small buffer until that is full, and later ones are dropped after the program has seen them.
type packetSocket int

func (s packetSocket) Close() error { return unix.Close(int(s)) }

func attachSocketFilter(s *site, prog *ebpf.Program) (*link, error) {
	iface, err := findInterface(s.Interface)
	if err != nil {
		return nil, err
	}
	// Protocol 0 receives nothing, so no packet comes before the filter.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, &Error{Attr: "interface", What: "opening a packet socket failed", Err: err}
	}
	sock := packetSocket(fd)
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 0), // the kernel makes that its minimum
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, prog.FD()),
	)
	if err == nil {
		const all = unix.ETH_P_ALL
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all<<8 | all>>8, Ifindex: iface.Index})
	}
	if err != nil {
		return nil, errors.Join(&Error{Attr: "interface", What: fmt.Sprintf("attaching to interface %s failed", iface.Name), Err: err}, sock.Close())
	}
	return &link{LinkInfo: LinkInfo{Target: iface.Name}, hold: []io.Closer{sock}}, nil
}
