package bpf

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// starters are the programs that note who starts a connection, each with how it is attached.
var starters = []struct {
	program string
	attach  func(*ebpf.Program) (link.Link, error)
}{
	{"connect_fentry", func(p *ebpf.Program) (link.Link, error) {
		return link.AttachTracing(link.TracingOptions{Program: p})
	}},
	{"connect_kprobe", func(p *ebpf.Program) (link.Link, error) {
		return link.Kprobe("tcp_connect", p, nil)
	}},
	{"connect_tracepoint", func(p *ebpf.Program) (link.Link, error) {
		return link.Tracepoint("sock", "inet_sock_set_state", p, nil)
	}},
}

// watchConnect attaches connect_result, and the starter when there is one.
func watchConnect(t *testing.T, spec *ebpf.CollectionSpec, starter int) (*ebpf.Collection, *records[tcp_connectConnect]) {
	t.Helper()
	programs := []string{"connect_result"}
	if starter >= 0 {
		programs = append(programs, starters[starter].program)
	}
	coll := load(t, spec, nil, programs...)
	result, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "inet_sock_set_state", Program: coll.Programs["connect_result"]})
	must(t, err)
	t.Cleanup(func() { must(t, result.Close()) })
	if starter >= 0 {
		name := starters[starter].program
		start, err := starters[starter].attach(coll.Programs[name])
		if errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, os.ErrNotExist) {
			t.Skipf("this kernel does not attach %s: %v", name, err)
		}
		must(t, err)
		t.Cleanup(func() { must(t, start.Close()) })
	}
	return coll, readRing[tcp_connectConnect](t, coll.Maps["connects"])
}

// sockaddr is an address as the system calls take it; mapped is IPv4 over a socket of IPv6.
func sockaddr(address netip.AddrPort, mapped bool) unix.Sockaddr {
	if address.Addr().Is4() && !mapped {
		return &unix.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())}
	}
	return &unix.SockaddrInet6{Addr: address.Addr().As16(), Port: int(address.Port())}
}

func tcpSocket(t testing.TB, address unix.Sockaddr, flags int) int {
	t.Helper()
	family := unix.AF_INET
	if _, is6 := address.(*unix.SockaddrInet6); is6 {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|flags, 0)
	must(t, err)
	return fd
}

// listen returns where a socket accepts connections.
func listen(t testing.TB, address string) netip.AddrPort {
	t.Helper()
	at := sockaddr(netip.AddrPortFrom(netip.MustParseAddr(address), 0), false)
	fd := tcpSocket(t, at, 0)
	t.Cleanup(func() { must(t, unix.Close(fd)) })
	must(t, unix.Bind(fd, at))
	must(t, unix.Listen(fd, 16))
	return localOf(t, fd)
}

func localOf(t testing.TB, fd int) netip.AddrPort {
	t.Helper()
	name, err := unix.Getsockname(fd)
	must(t, err)
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	}
	t.Fatalf("no TCP address: %T", name)
	panic("unreachable")
}

func TestConnect(t *testing.T) {
	for i, starter := range starters {
		t.Run(starter.program, func(t *testing.T) {
			ownNetwork(t)
			_, ring := watchConnect(t, objectSpec(t, "tcp_connect"), i)
			testConnections(t, ring)
		})
	}
}

// connection is a connection to be made, and what is to be seen of it.
type connection struct {
	name     string
	to       netip.AddrPort
	mapped   bool // over a socket of IPv6
	nonblock bool
	timeout  int  // milliseconds, then the connection fails
	close    bool // at once, while it is being made
	itself   bool // to the port that it comes from
	result   unix.Errno
}

// testConnections makes connections of all kinds from this thread, which is in a network of its own.
func testConnections(t *testing.T, ring *records[tcp_connectConnect]) {
	nobody := netip.MustParseAddrPort(blackHole(t).String() + ":81")
	closed := netip.MustParseAddr("127.0.0.1")
	for _, c := range []connection{
		{name: "ipv4", to: listen(t, "127.0.0.1")},
		{name: "ipv6", to: listen(t, "::1")},
		{name: "ipv4 over ipv6", to: listen(t, "127.0.0.1"), mapped: true},
		{name: "refused", to: netip.AddrPortFrom(closed, 1), result: unix.ECONNREFUSED},
		{name: "refused ipv6", to: netip.MustParseAddrPort("[::1]:1"), result: unix.ECONNREFUSED},
		{name: "nonblocking", to: listen(t, "127.0.0.1"), nonblock: true},
		{name: "nonblocking refused", to: netip.AddrPortFrom(closed, 2), nonblock: true, result: unix.ECONNREFUSED},
		{name: "timed out", to: nobody, timeout: 300, result: unix.ETIMEDOUT},
		{name: "given up", to: nobody, nonblock: true, close: true, result: unix.ECONNABORTED},
		{name: "to itself", to: netip.AddrPortFrom(closed, 7777), itself: true},
	} {
		testConnection(t, ring, c)
	}
}

func testConnection(t *testing.T, ring *records[tcp_connectConnect], c connection) {
	t.Helper()
	flags := 0
	if c.nonblock {
		flags = unix.SOCK_NONBLOCK
	}
	to := sockaddr(c.to, c.mapped)
	fd := tcpSocket(t, to, flags)
	if c.timeout > 0 {
		must(t, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, c.timeout))
	}
	if c.itself {
		must(t, unix.Bind(fd, to))
	}
	before := ktime(t)
	err := unix.Connect(fd, to)
	wanted := error(c.result)
	if c.nonblock {
		wanted = unix.EINPROGRESS
	}
	if !errors.Is(err, wanted) && !(err == nil && c.result == 0) {
		t.Fatalf("%s: connect: %v, want %v", c.name, err, wanted)
	}
	from := localOf(t, fd)
	if c.close {
		must(t, unix.Close(fd))
	}
	// Others on this machine connect too.
	ours := func(e tcp_connectConnect) bool {
		return e.Pid == uint32(os.Getpid()) || !e.Known && (e.Dport == c.to.Port() || e.Sport == c.to.Port())
	}
	event, _ := ring.find(t, ours)
	after := ktime(t)
	if !c.close {
		must(t, unix.Close(fd))
	}

	what := func(field string) string { return c.name + ": " + field }
	own, err := os.ReadFile("/proc/thread-self/comm")
	must(t, err)
	family := uint16(unix.AF_INET)
	if _, is6 := to.(*unix.SockaddrInet6); is6 {
		family = unix.AF_INET6
	}
	compare(t, what("family"), event.Family, family)
	compare(t, what("result"), unix.Errno(event.Result), c.result)
	compare(t, what("daddr"), netip.AddrFrom16(event.Daddr).Unmap(), c.to.Addr())
	compare(t, what("dport"), event.Dport, c.to.Port())
	if c.result == 0 || c.close { // a socket that failed has no address any more
		compare(t, what("saddr"), netip.AddrFrom16(event.Saddr), netip.AddrFrom16(from.Addr().As16()))
		compare(t, what("sport"), event.Sport, from.Port())
	} else if none := c.result == unix.EADDRNOTAVAIL; none != (event.Sport == 0) {
		t.Errorf("%s: source port %d", c.name, event.Sport)
	}
	compare(t, what("known"), event.Known, true)
	compare(t, what("pid"), event.Pid, uint32(os.Getpid()))
	compare(t, what("tid"), event.Tid, uint32(unix.Gettid()))
	compare(t, what("uid"), event.Uid, uint32(os.Getuid()))
	compare(t, what("gid"), event.Gid, uint32(os.Getgid()))
	compare(t, what("comm"), text(event.Comm[:]), strings.TrimSpace(string(own)))
	if event.Time < before || event.Time > after || event.Latency > event.Time-before {
		t.Errorf("%s: decided at %d after %d ns; connect from %d to %d", c.name, event.Time, event.Latency, before, after)
	}
	if c.timeout > 0 && event.Latency < uint64(c.timeout)*uint64(time.Millisecond) {
		t.Errorf("%s: after %d ns, the timeout is %d ms", c.name, event.Latency, c.timeout)
	}
	// The socket that accepted the connection, and the end of both, are no connections made.
	for {
		extra, _, err := ring.next(5 * time.Millisecond)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		must(t, err)
		if ours(extra) {
			t.Errorf("%s: one more event: %+v", c.name, extra)
		}
	}
}

// No program has noted the start: the connection is seen all the same, and counted.
func TestConnectUnknown(t *testing.T) {
	ownNetwork(t)
	coll, ring := watchConnect(t, objectSpec(t, "tcp_connect"), -1)
	to := listen(t, "127.0.0.1")
	fd := tcpSocket(t, sockaddr(to, false), 0)
	defer func() { must(t, unix.Close(fd)) }()
	before := sum(t, coll.Maps["owners_lost"])
	must(t, unix.Connect(fd, sockaddr(to, false)))
	event, _ := ring.find(t, func(e tcp_connectConnect) bool { return e.Dport == to.Port() })
	compare(t, "known", event.Known, false)
	compare(t, "pid", event.Pid, 0)
	compare(t, "latency", event.Latency, 0)
	compare(t, "sport", event.Sport, localOf(t, fd).Port())
	if lost := sum(t, coll.Maps["owners_lost"]); lost == before {
		t.Error("not counted in owners_lost")
	}
}

// More connections under way than the table holds: those forgotten are seen without an owner, and counted.
func TestConnectTableFull(t *testing.T) {
	for i, starter := range starters {
		t.Run(starter.program, func(t *testing.T) {
			ownNetwork(t)
			spec := objectSpec(t, "tcp_connect")
			spec.Maps["probe_owners"].MaxEntries = 16
			coll, ring := watchConnect(t, spec, i)
			nobody := sockaddr(netip.MustParseAddrPort(blackHole(t).String()+":81"), false)
			const many = 500
			var sockets []int
			for range many {
				fd := tcpSocket(t, nobody, unix.SOCK_NONBLOCK)
				if err := unix.Connect(fd, nobody); !errors.Is(err, unix.EINPROGRESS) {
					t.Fatal(err)
				}
				sockets = append(sockets, fd)
			}
			for _, fd := range sockets {
				must(t, unix.Close(fd))
			}
			known, unknown := 0, uint64(0)
			for range many {
				event, _ := ring.find(t, func(e tcp_connectConnect) bool { return e.Dport == 81 })
				compare(t, "result", unix.Errno(event.Result), unix.ECONNABORTED)
				if event.Known {
					known++
				} else {
					unknown++
				}
			}
			if known == 0 || unknown == 0 {
				t.Errorf("%d owners known, %d not", known, unknown)
			}
			if lost := sum(t, coll.Maps["owners_lost"]); lost < unknown {
				t.Errorf("owners_lost is %d, %d are not known", lost, unknown)
			}
		})
	}
}

// With no port left connect fails before any packet is sent; the event has the caller and the reason.
func TestConnectNoPort(t *testing.T) {
	for i, starter := range starters {
		t.Run(starter.program, func(t *testing.T) {
			ownNetwork(t)
			must(t, os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("50000 50000"), 0))
			_, ring := watchConnect(t, objectSpec(t, "tcp_connect"), i)
			nobody := netip.MustParseAddrPort(blackHole(t).String() + ":81")
			first := tcpSocket(t, sockaddr(nobody, false), unix.SOCK_NONBLOCK)
			defer func() { must(t, unix.Close(first)) }()
			if err := unix.Connect(first, sockaddr(nobody, false)); !errors.Is(err, unix.EINPROGRESS) {
				t.Fatal(err)
			}
			testConnection(t, ring, connection{name: "second", to: nobody, result: unix.EADDRNOTAVAIL})
		})
	}
}
