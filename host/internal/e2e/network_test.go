package e2e

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// pair is two ends of a virtual cable: near is in the test's namespace, far in one of its own. Neither end speaks by itself: IPv6 is off and
// there are no addresses, so that only what a test sends crosses it.
type pair struct {
	near, far string
	socket    int // AF_PACKET on the far end
	address   unix.SockaddrLinklayer
}

// newPair makes a pair that goes away with the test.
func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{near: fmt.Sprintf("pht%d", os.Getpid()%100000), far: "far"}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.Get()
	check(t, err)
	defer home.Close()
	away, err := netns.New() // moves this thread there
	check(t, err)
	defer func() { check(t, netns.Set(home)) }()
	t.Cleanup(func() { away.Close() })

	// Born in the new namespace, with the near end put at home.
	check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: p.far}, PeerName: p.near, PeerNamespace: netlink.NsFd(home)}))
	far, err := netlink.LinkByName(p.far)
	check(t, err)
	silence(t, p.far)
	check(t, netns.Set(home))
	near, err := netlink.LinkByName(p.near)
	check(t, err)
	t.Cleanup(func() { check(t, netlink.LinkDel(near)) })
	silence(t, p.near)
	check(t, netlink.LinkSetUp(near))
	check(t, netns.Set(away))
	check(t, netlink.LinkSetUp(far))

	p.socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	t.Cleanup(func() { check(t, unix.Close(p.socket)) })
	p.address = unix.SockaddrLinklayer{Ifindex: far.Attrs().Index}
	check(t, unix.Bind(p.socket, &p.address))
	return p
}

// silence keeps the kernel from sending IPv6 packets of its own.
func silence(t *testing.T, link string) {
	t.Helper()
	err := os.WriteFile("/proc/sys/net/ipv6/conf/"+link+"/disable_ipv6", []byte("1"), 0o644)
	if err != nil && !os.IsNotExist(err) { // a kernel without IPv6 is silent
		t.Fatal(err)
	}
}

// send puts the frame on the cable n times, from far to near.
func (p *pair) send(t *testing.T, frame []byte, n int) {
	t.Helper()
	for range n {
		check(t, unix.Sendto(p.socket, frame, 0, &p.address))
	}
}

// programs counts the BPF programs on the near end: XDP, TCX and, for kernels before 6.6, filters of a clsact qdisc.
func (p *pair) programs(t *testing.T) int {
	t.Helper()
	near, err := netlink.LinkByName(p.near)
	check(t, err)
	n := 0
	if x := near.Attrs().Xdp; x != nil && x.Attached {
		n++
	}
	for _, hook := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
		q, err := link.QueryPrograms(link.QueryOptions{Target: near.Attrs().Index, Attach: hook})
		if err == nil { // else the kernel has no TCX
			n += len(q.Programs)
		}
	}
	qdiscs, err := netlink.QdiscList(near)
	check(t, err)
	for _, q := range qdiscs {
		if q.Type() == "clsact" {
			n++
		}
	}
	return n
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	icmp, tcp, udp, icmpv6 = 1, 6, 17, 58
)

// ipv4 returns an Ethernet frame with an IPv4 packet of that protocol; payload is what follows the IP header.
func ipv4(protocol byte, src, dst string, payload []byte) []byte {
	f := ethernet(0x0800)
	h := make([]byte, 20)
	h[0], h[8], h[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
	copy(h[12:], net.ParseIP(src).To4())
	copy(h[16:], net.ParseIP(dst).To4())
	return append(append(f, h...), payload...)
}

// ipv6 is ipv4's sister.
func ipv6(protocol byte, src, dst string, payload []byte) []byte {
	f := ethernet(0x86dd)
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, protocol, 64
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	copy(h[8:], net.ParseIP(src))
	copy(h[24:], net.ParseIP(dst))
	return append(append(f, h...), payload...)
}

func ethernet(kind uint16) []byte {
	f := make([]byte, 14, 128)
	copy(f, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2})
	binary.BigEndian.PutUint16(f[12:], kind)
	return f
}

// transport returns a TCP or UDP header with these ports and nothing behind it.
func transport(protocol byte, sport, dport uint16) []byte {
	h := make([]byte, 20)
	binary.BigEndian.PutUint16(h, sport)
	binary.BigEndian.PutUint16(h[2:], dport)
	if protocol == udp {
		binary.BigEndian.PutUint16(h[4:], 8)
		return h[:8]
	}
	h[12], h[13] = 5<<4, 2
	return h
}
