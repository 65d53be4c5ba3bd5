package bpf

import (
	"errors"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ownNetwork moves the test's goroutine into a network of its own, in which lo
// is up, and into mounts of its own with a tracefs. The thread is never given
// back, so both vanish with the goroutine: subtests need their own.
func ownNetwork(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		t.Skipf("no namespaces of our own: %v", err)
	}
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	if _, err := os.Stat("/sys/kernel/tracing/events"); errors.Is(err, os.ErrNotExist) {
		if err := unix.Mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, ""); err != nil {
			t.Logf("no tracefs: %v", err)
		}
	}
	linkUp(t, "lo")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func linkUp(t testing.TB, name string) netlink.Link {
	t.Helper()
	device, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(device))
	return device
}

// vethPair makes two connected interfaces, both up. They add no traffic of
// their own, such as IPv6's router solicitations.
func vethPair(t testing.TB, left, right string) (netlink.Link, netlink.Link) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = left
	attrs.MTU = 9000
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: right, PeerMTU: 9000}))
	for _, name := range []string{left, right} {
		device, err := netlink.LinkByName(name)
		must(t, err)
		must(t, netlink.LinkSetIP6AddrGenMode(device, 1)) // none
	}
	return linkUp(t, left), linkUp(t, right)
}

// blackHole is an address that answers nothing, over a device made for it.
func blackHole(t testing.TB) net.IP {
	t.Helper()
	here, there := vethPair(t, "hole0", "hole1")
	address, err := netlink.ParseAddr("10.99.0.1/24")
	must(t, err)
	must(t, netlink.AddrAdd(here, address))
	nobody := net.IPv4(10, 99, 0, 2)
	must(t, netlink.NeighAdd(&netlink.Neigh{
		LinkIndex: here.Attrs().Index, State: netlink.NUD_PERMANENT,
		IP: nobody, HardwareAddr: there.Attrs().HardwareAddr,
	}))
	return nobody
}
