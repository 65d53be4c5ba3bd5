package bpf

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// attachments are the ways that a packet program is put on an interface.
var attachments = []struct {
	name, program string
	attach        func(testing.TB, *ebpf.Program, netlink.Link)
}{
	{"xdp native", "count_packets", attachXDP(link.XDPDriverMode)},
	{"xdp generic", "count_packets", attachXDP(link.XDPGenericMode)},
	{"tcx ingress", "count_ingress", attachTCX(ebpf.AttachTCXIngress)},
	{"tcx egress", "count_egress", attachTCX(ebpf.AttachTCXEgress)},
	{"clsact ingress", "count_ingress", attachClsact(netlink.HANDLE_MIN_INGRESS)},
	{"clsact egress", "count_egress", attachClsact(netlink.HANDLE_MIN_EGRESS)},
}

func attachXDP(mode link.XDPAttachFlags) func(testing.TB, *ebpf.Program, netlink.Link) {
	return func(t testing.TB, program *ebpf.Program, device netlink.Link) {
		attached, err := link.AttachXDP(link.XDPOptions{Program: program, Interface: device.Attrs().Index, Flags: mode})
		must(t, err)
		t.Cleanup(func() { must(t, attached.Close()) })
	}
}

func attachTCX(where ebpf.AttachType) func(testing.TB, *ebpf.Program, netlink.Link) {
	return func(t testing.TB, program *ebpf.Program, device netlink.Link) {
		attached, err := link.AttachTCX(link.TCXOptions{Program: program, Interface: device.Attrs().Index, Attach: where})
		if errors.Is(err, ebpf.ErrNotSupported) {
			t.Skipf("this kernel has no TCX: %v", err)
		}
		must(t, err)
		t.Cleanup(func() { must(t, attached.Close()) })
	}
}

// attachClsact lives as long as the network namespace does.
func attachClsact(where uint32) func(testing.TB, *ebpf.Program, netlink.Link) {
	return func(t testing.TB, program *ebpf.Program, device netlink.Link) {
		index := device.Attrs().Index
		qdisc := netlink.QdiscAttrs{LinkIndex: index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT}
		if err := netlink.QdiscAdd(&netlink.GenericQdisc{QdiscAttrs: qdisc, QdiscType: "clsact"}); !errors.Is(err, unix.EEXIST) {
			must(t, err)
		}
		filter := netlink.FilterAttrs{LinkIndex: index, Parent: where, Handle: 1, Priority: 1, Protocol: unix.ETH_P_ALL}
		must(t, netlink.FilterAdd(&netlink.BpfFilter{FilterAttrs: filter, Fd: program.FD(), Name: "count", DirectAction: true}))
	}
}

// rawSocket sends whole frames on a device.
func rawSocket(t testing.TB, device netlink.Link) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { must(t, unix.Close(fd)) })
	must(t, unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: device.Attrs().Index}))
	return fd
}

// liveFrames are those that the kernel's own way to the programs leaves whole.
func liveFrames() (frames []frameTest) {
	for _, tt := range append(validFrames(), hostileFrames()...) {
		frames = append(frames, tt)
		if binary.BigEndian.Uint16(tt.frame[12:]) == typeIPv6 {
			frames = append(frames, frameTest{name: tt.name + ", cut", frame: tt.frame[:14+39]})
		}
	}
	return frames
}

// Real frames on a real interface, in every way of attaching: each is one event, the one that the reference gives.
func TestPacketsAttached(t *testing.T) {
	for _, way := range attachments {
		t.Run(way.name, func(t *testing.T) {
			ownNetwork(t)
			left, right := vethPair(t, "left", "right")
			coll := load(t, objectSpec(t, "packets"), nil, way.program)
			ring := readRing[packetsPacket](t, coll.Maps["packets"])
			direction, device := uint8(0), right
			if way.program == "count_egress" {
				direction, device = 1, left
			}
			way.attach(t, coll.Programs[way.program], device)
			fd := rawSocket(t, left)
			for _, tt := range liveFrames() {
				if _, err := unix.Write(fd, tt.frame); err != nil {
					t.Fatalf("%s: send: %v", tt.name, err)
				}
				want := reference(tt.frame)
				want.Direction = direction
				want.Interface = uint32(device.Attrs().Index)
				got, _, err := ring.next(time.Second)
				if err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
				if diff := cmp.Diff(want, got, exceptTime); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.name, diff)
				}
			}
			if extra, _, err := ring.next(10 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("one more event: %+v, %v", extra, err)
			}
		})
	}
}

// Frames whose headers are not in the linear part of their buffer.
func TestPacketsNotLinear(t *testing.T) {
	for _, way := range attachments {
		t.Run(way.name, func(t *testing.T) {
			ownNetwork(t)
			left, right := vethPair(t, "left", "right")
			coll := load(t, objectSpec(t, "packets"), nil, way.program)
			ring := readRing[packetsPacket](t, coll.Maps["packets"])
			direction, device := uint8(0), right
			if way.program == "count_egress" {
				direction, device = 1, left
			}
			way.attach(t, coll.Programs[way.program], device)
			fd := rawSocket(t, left)
			must(t, unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1))
			// struct virtio_net_hdr: of the frame, 14 bytes are to be linear, the rest in pages.
			offload := []byte{0, 0, 14, 0, 0, 0, 0, 0, 0, 0}
			large := make([]byte, 5000)
			for _, frame := range [][]byte{
				ethernet(typeIPv4, ipv4(protoTCP, tcp(43210, 443, 0x12, nil, large))),
				ethernet(typeIPv6, ipv6(extHopByHop, extension(protoUDP, 9, udp(53, 1024, large)))),
				ethernet(typeVLAN, tag(100, typeIPv4, ipv4(protoUDP, udp(53, 1024, large)))),
			} {
				if _, err := unix.Write(fd, append(offload, frame...)); err != nil {
					t.Fatal(err)
				}
				want := reference(frame)
				want.Direction = direction
				want.Interface = uint32(device.Attrs().Index)
				got, _, err := ring.next(time.Second)
				must(t, err)
				if diff := cmp.Diff(want, got, exceptTime); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// tun makes a device whose packets have no Ethernet header; what is written to the file arrives on it.
func tun(t testing.TB, name string) (netlink.Link, int) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no tun device: %v", err)
	}
	t.Cleanup(func() { must(t, unix.Close(fd)) })
	request, err := unix.NewIfreq(name)
	must(t, err)
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, request))
	device, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetIP6AddrGenMode(device, 1)) // none
	return linkUp(t, name), fd
}

func TestPacketsWithoutEthernet(t *testing.T) {
	for _, way := range attachments {
		if way.program == "count_packets" {
			continue // XDP is not told what the frame begins with
		}
		t.Run(way.name, func(t *testing.T) {
			ownNetwork(t)
			device, file := tun(t, "bare")
			coll := load(t, objectSpec(t, "packets"), nil, way.program)
			ring := readRing[packetsPacket](t, coll.Maps["packets"])
			way.attach(t, coll.Programs[way.program], device)
			fd := rawSocket(t, device)
			tested := 0
			for _, tt := range liveFrames() {
				etherType := binary.BigEndian.Uint16(tt.frame[12:])
				packet := tt.frame[14:]
				version, isIP := map[uint16]byte{typeIPv4: 4, typeIPv6: 6}[etherType]
				if !isIP || len(packet) == 0 || version != packet[0]>>4 {
					continue // the device knows a packet by its version alone
				}
				tested++
				want := reference(tt.frame)
				want.Interface = uint32(device.Attrs().Index)
				want.Size -= 14
				want.Smac, want.Dmac = [6]uint8{}, [6]uint8{}
				var err error
				if way.program == "count_egress" {
					want.Direction = 1
					to := &unix.SockaddrLinklayer{Ifindex: device.Attrs().Index, Protocol: binary.NativeEndian.Uint16(tt.frame[12:])}
					err = unix.Sendto(fd, packet, 0, to)
				} else {
					_, err = unix.Write(file, packet)
				}
				if err != nil {
					t.Fatalf("%s: send: %v", tt.name, err)
				}
				got, _, err := ring.next(time.Second)
				if err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
				if diff := cmp.Diff(want, got, exceptTime); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.name, diff)
				}
			}
			if tested < 40 {
				t.Errorf("%d packets only", tested)
			}
		})
	}
}

// Two programs on lo at once: every packet still arrives, and each program has counted it once. Not
// XDP with TC ingress: after generic XDP, the kernel gives TC the frame without its Ethernet header.
func TestPacketsPassOn(t *testing.T) {
	for _, pair := range [][2]int{{1, 5}, {4, 5}} {
		first, second := attachments[pair[0]], attachments[pair[1]]
		t.Run(first.name+" and "+second.name, func(t *testing.T) {
			ownNetwork(t)
			lo, err := netlink.LinkByName("lo")
			must(t, err)
			coll := load(t, objectSpec(t, "packets"), map[string]any{"packets_on": false}, first.program, second.program)
			first.attach(t, coll.Programs[first.program], lo)
			second.attach(t, coll.Programs[second.program], lo)
			const each = 100
			bytes := exchange(t, "127.0.0.1:0", each, 14+20+8) + exchange(t, "[::1]:0", each, 14+40+8)
			want := map[uint16]packetsTraffic{protoUDP: {Packets: 2 * 2 * each, Bytes: 2 * bytes}}
			if diff := cmp.Diff(want, readProtocols(t, coll.Maps["protocols"])); diff != "" {
				t.Errorf("protocols (-want +got):\n%s", diff)
			}
			if lost := sum(t, coll.Maps["packets_lost"]); lost != 0 {
				t.Errorf("%d records lost of a stream that is off", lost)
			}
		})
	}
}

// exchange sends datagrams to ourselves, each received, and returns the bytes that they take on the wire.
func exchange(t *testing.T, address string, count, headers int) uint64 {
	t.Helper()
	receiver, err := net.ListenPacket("udp", address)
	must(t, err)
	sender, err := net.Dial("udp", receiver.LocalAddr().String())
	must(t, err)
	const size = 200
	buffer := make([]byte, 2*size)
	for range count {
		_, err := sender.Write(buffer[:size])
		must(t, err)
		must(t, receiver.SetReadDeadline(time.Now().Add(time.Second)))
		n, _, err := receiver.ReadFrom(buffer)
		must(t, err)
		compare(t, "received", n, size)
	}
	must(t, errors.Join(sender.Close(), receiver.Close()))
	return uint64(count * (headers + size))
}
