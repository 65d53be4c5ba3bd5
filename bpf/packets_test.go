package bpf

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// frameTest is a frame and what must be made of it.
type frameTest struct {
	name         string
	frame        []byte
	protocol     uint16
	status       uint8
	sport, dport uint16
}

func validFrames() []frameTest {
	payload := []byte("payload")
	chain := authentication(extDestination, 3, extension(extFragment, 0,
		fragmentHeader(protoTCP, 0, false, tcp(1, 2, 0x18, nil, payload))))
	chain = extension(extAH, 2, chain)      // routing
	chain = extension(extRouting, 1, chain) // hop by hop
	eight := udp(7, 8, payload)
	for range 7 {
		eight = extension(extDestination, 0, eight)
	}
	eight = with(eight, 6*8, protoUDP)
	return []frameTest{
		{"icmp", ethernet(typeIPv4, ipv4(protoICMP, icmp(8, payload))), protoICMP, statusOK, 0, 0},
		{"tcp", ethernet(typeIPv4, ipv4(protoTCP, tcp(43210, 443, 0x12, nil, payload))), protoTCP, statusOK, 43210, 443},
		{"tcp options", ethernet(typeIPv4, ipv4(protoTCP, tcp(1, 65535, 2, make([]byte, 40), nil))), protoTCP, statusOK, 1, 65535},
		{"udp", ethernet(typeIPv4, ipv4(protoUDP, udp(53, 1024, payload))), protoUDP, statusOK, 53, 1024},
		{"udp empty", ethernet(typeIPv4, ipv4(protoUDP, udp(53, 1024, nil))), protoUDP, statusOK, 53, 1024},
		{"sctp", ethernet(typeIPv4, ipv4(protoSCTP, sctp(2905, 38412, payload))), protoSCTP, statusOK, 2905, 38412},
		{"esp", ethernet(typeIPv4, ipv4(protoESP, payload)), protoESP, statusOK, 0, 0},
		{"ipv4 options", ethernet(typeIPv4, ipv4With(protoUDP, make([]byte, 40), 0, udp(5, 6, payload))), protoUDP, statusOK, 5, 6},
		{"ipv4 first fragment", ethernet(typeIPv4, ipv4With(protoUDP, nil, 0x2000, with(udp(5, 6, payload), 4, 0xff, 0))), protoUDP, statusFirstFragment, 5, 6},
		{"ipv4 middle fragment", ethernet(typeIPv4, ipv4With(protoTCP, nil, 0x2001, payload)), protoTCP, statusFragment, 0, 0},
		{"ipv4 last fragment", ethernet(typeIPv4, ipv4With(protoUDP, nil, 0x1fff, payload)), protoUDP, statusFragment, 0, 0},
		{"ipv4 padded", ethernet(typeIPv4, append(ipv4(protoTCP, tcp(7, 8, 4, nil, nil)), make([]byte, 6)...)), protoTCP, statusOK, 7, 8},
		{"ipv6 icmp", ethernet(typeIPv6, ipv6(protoICMPv6, icmp(135, payload))), protoICMPv6, statusOK, 0, 0},
		{"ipv6 tcp", ethernet(typeIPv6, ipv6(protoTCP, tcp(43210, 443, 0x12, nil, payload))), protoTCP, statusOK, 43210, 443},
		{"ipv6 udp", ethernet(typeIPv6, ipv6(protoUDP, udp(53, 1024, payload))), protoUDP, statusOK, 53, 1024},
		{"ipv6 sctp", ethernet(typeIPv6, ipv6(protoSCTP, sctp(9, 10, payload))), protoSCTP, statusOK, 9, 10},
		{"ipv6 no next header", ethernet(typeIPv6, ipv6(extNone, payload)), extNone, statusOK, 0, 0},
		{"ipv6 no payload", ethernet(typeIPv6, ipv6(extNone, nil)), extNone, statusOK, 0, 0},
		{"ipv6 hop by hop", ethernet(typeIPv6, ipv6(extHopByHop, extension(protoICMPv6, 0, icmp(143, payload)))), protoICMPv6, statusOK, 0, 0},
		{"ipv6 all extensions", ethernet(typeIPv6, ipv6(extHopByHop, chain)), protoTCP, statusOK, 1, 2},
		{"ipv6 eight extensions", ethernet(typeIPv6, ipv6(extHopByHop, extension(extDestination, 0, eight))), protoUDP, statusOK, 7, 8},
		{"ipv6 extension to nothing", ethernet(typeIPv6, ipv6(extDestination, extension(extNone, 0, nil))), extNone, statusOK, 0, 0},
		{"ipv6 first fragment", ethernet(typeIPv6, ipv6(extFragment, fragmentHeader(protoUDP, 0, true, with(udp(5, 6, payload), 4, 0xff)))), protoUDP, statusFirstFragment, 5, 6},
		{"ipv6 later fragment", ethernet(typeIPv6, ipv6(extFragment, fragmentHeader(protoUDP, 1, false, payload))), protoUDP, statusFragment, 0, 0},
		{"vlan", ethernet(typeVLAN, tag(100, typeIPv4, ipv4(protoUDP, udp(53, 1024, payload)))), protoUDP, statusOK, 53, 1024},
		{"qinq", ethernet(typeQinQ, tag(200, typeVLAN, tag(100, typeIPv6, ipv6(protoTCP, tcp(3, 4, 0, nil, payload))))), protoTCP, statusOK, 3, 4},
		{"four tags", ethernet(typeQinQ, tag(1, typeQinQ, tag(2, typeVLAN, tag(3, typeVLAN, tag(4, typeARP, arp()))))), categoryARP, statusOK, 0, 0},
		{"arp", ethernet(typeARP, arp()), categoryARP, statusOK, 0, 0},
		{"lldp", ethernet(0x88cc, payload), categoryNonIP, statusOK, 0, 0},
		{"802.3 length", ethernet(7, payload), categoryNonIP, statusOK, 0, 0},
	}
}

func hostileFrames() []frameTest {
	payload := []byte("payload")
	tcp4 := ethernet(typeIPv4, ipv4(protoTCP, tcp(1, 2, 0, nil, payload)))
	udp4 := ethernet(typeIPv4, ipv4(protoUDP, udp(1, 2, payload)))
	udp6 := ethernet(typeIPv6, ipv6(protoUDP, udp(1, 2, payload)))
	nine := udp(7, 8, payload)
	for i := range 9 {
		next := byte(extDestination)
		if i == 0 {
			next = protoUDP
		}
		nine = extension(next, 0, nine)
	}
	bad := func(name string, frame []byte) frameTest {
		return frameTest{name, frame, categoryMalformed, statusMalformed, 0, 0}
	}
	return []frameTest{
		bad("ipv4 says version 6", with(tcp4, 14, 0x65)),
		bad("ipv6 says version 4", with(udp6, 14, 0x40)),
		bad("ipv4 header of 16 bytes", with(tcp4, 14, 0x44)),
		bad("ipv4 header of 0 bytes", with(tcp4, 14, 0x40)),
		bad("ipv4 length 0", with(tcp4, 16, 0, 0)),
		bad("ipv4 length shorter than the header", with(tcp4, 16, 0, 19)),
		bad("ipv4 header longer than the packet", with(udp4, 14, 0x4f)),
		bad("ipv4 tcp in 8 bytes", with(tcp4, 16, 0, 28)),
		bad("ipv4 tiny first fragment", with(tcp4, 16, 0, 28, 0, 0, 0x20)),
		bad("tcp header of 16 bytes", with(tcp4, 14+20+12, 0x40)),
		bad("tcp header longer than the packet", with(tcp4, 14+20+12, 0xf0)),
		bad("udp length 0", with(udp4, 14+20+4, 0, 0)),
		bad("udp length 7", with(udp4, 14+20+4, 0, 7)),
		bad("udp longer than the packet", with(udp4, 14+20+4, 0, 16)),
		bad("udp without a header", ethernet(typeIPv4, ipv4(protoUDP, payload))),
		bad("sctp without a header", ethernet(typeIPv6, ipv6(protoSCTP, payload))),
		bad("icmp without a header", ethernet(typeIPv4, ipv4(protoICMP, payload[:3]))),
		bad("ipv6 length 0", with(udp6, 18, 0, 0)),
		bad("ipv6 nine extensions", ethernet(typeIPv6, ipv6(extDestination, nine))),
		bad("ipv6 hop by hop in second place", ethernet(typeIPv6, ipv6(extDestination, extension(extHopByHop, 0, extension(protoUDP, 0, udp(1, 2, nil)))))),
		bad("ipv6 extension longer than the packet", ethernet(typeIPv6, ipv6(extRouting, with(extension(protoUDP, 0, udp(1, 2, nil)), 1, 200)))),
		bad("ipv6 extension in no bytes", ethernet(typeIPv6, ipv6(extRouting, nil))),
		bad("ipv6 half a fragment header", ethernet(typeIPv6, ipv6(extFragment, []byte{protoUDP, 0, 0, 8}))),
		bad("five tags", ethernet(typeVLAN, tag(1, typeVLAN, tag(2, typeVLAN, tag(3, typeVLAN, tag(4, typeVLAN, tag(5, typeARP, arp()))))))),
		{"ipv4 longer than the frame", with(tcp4, 16, 0xff, 0xff), categoryTruncated, statusTruncated, 0, 0},
		{"ipv6 longer than the frame", with(udp6, 18, 0xff, 0xff), categoryTruncated, statusTruncated, 0, 0},
		{"ethernet header alone", tcp4[:14], categoryTruncated, statusTruncated, 0, 0},
	}
}

// packetPrograms are the three programs with their ring, run on frames one by one.
type packetPrograms struct {
	*ebpf.Collection
	ring *records[packetsPacket]
}

var packetProgramNames = []string{"count_packets", "count_ingress", "count_egress"}

func runnablePackets(t testing.TB) packetPrograms {
	t.Helper()
	coll := load(t, objectSpec(t, "packets"), nil, packetProgramNames...)
	return packetPrograms{coll, readRing[packetsPacket](t, coll.Maps["packets"])}
}

// run gives a frame to one program and returns the event that it emits.
func (p packetPrograms) run(t testing.TB, program string, options ebpf.RunOptions) packetsPacket {
	t.Helper()
	passed := uint32(2) // XDP_PASS
	if program != "count_packets" {
		passed = ^uint32(0) // TCX_NEXT
	}
	result, err := p.Programs[program].Run(&options)
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	if result != passed {
		t.Fatalf("%s returns %d, want %d: packets must pass", program, int32(result), int32(passed))
	}
	event, _, err := p.ring.next(time.Second)
	if err != nil {
		t.Fatalf("%s: no event: %v", program, err)
	}
	if _, _, err := p.ring.next(-time.Second); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%s emits more than one event for a packet, or: %v", program, err)
	}
	return event
}

// runnable is whether BPF_PROG_TEST_RUN takes the frame: for TC programs, it wants IP headers to be whole.
func runnable(program string, frame []byte) bool {
	if program == "count_packets" {
		return len(frame) >= 14
	}
	least := map[uint16]int{typeIPv4: 14 + 20, typeIPv6: 14 + 40}
	return len(frame) > 14 && len(frame) >= least[binary.BigEndian.Uint16(frame[12:])]
}

var exceptTime = cmpopts.IgnoreFields(packetsPacket{}, "Time")

// check runs a frame through all programs and compares every field with the reference.
func (p packetPrograms) check(t testing.TB, frame []byte) packetsPacket {
	t.Helper()
	want := reference(frame)
	for _, program := range packetProgramNames {
		if !runnable(program, frame) {
			continue
		}
		want.Direction = 0
		if program == "count_egress" {
			want.Direction = 1
		}
		got := p.run(t, program, ebpf.RunOptions{Data: frame})
		if got.Time == 0 {
			t.Errorf("%s: no time", program)
		}
		if diff := cmp.Diff(want, got, exceptTime); diff != "" {
			t.Fatalf("%s reads %x otherwise than the reference (-want +got):\n%s", program, frame, diff)
		}
	}
	return want
}

func TestPacketsRead(t *testing.T) {
	programs := runnablePackets(t)
	for _, tt := range slices.Concat(validFrames(), hostileFrames()) {
		t.Run(tt.name, func(t *testing.T) {
			got := programs.check(t, tt.frame)
			if got.Protocol != tt.protocol || got.Status != tt.status || got.Sport != tt.sport || got.Dport != tt.dport {
				t.Errorf("protocol %d status %d ports %d %d, want %d, %d, %d %d", got.Protocol, got.Status, got.Sport, got.Dport,
					tt.protocol, tt.status, tt.sport, tt.dport)
			}
		})
	}
}

// Every beginning of a valid frame is truncated, or what the whole frame is: never another protocol or port.
func TestPacketsCutAnywhere(t *testing.T) {
	programs := runnablePackets(t)
	for _, tt := range validFrames() {
		for length := 14; length < len(tt.frame); length++ {
			got := programs.check(t, tt.frame[:length])
			whole := got.Protocol == tt.protocol && got.Status == tt.status && got.Sport == tt.sport && got.Dport == tt.dport
			cut := got.Protocol == categoryTruncated && got.Status == statusTruncated && got.Sport == 0 && got.Dport == 0
			if !whole && !cut {
				t.Errorf("%s, first %d of %d bytes: protocol %d status %d ports %d %d", tt.name, length, len(tt.frame),
					got.Protocol, got.Status, got.Sport, got.Dport)
			}
		}
	}
}

// mutate changes a few bytes of a frame, mostly in its headers, and perhaps its length.
func mutate(random *rand.Rand, frame []byte) []byte {
	frame = slices.Clone(frame)
	for range 1 + random.IntN(4) {
		at := random.IntN(len(frame))
		if random.IntN(2) == 0 {
			frame[at] ^= 1 << random.IntN(8)
		} else {
			frame[at] = byte(random.Uint32())
		}
	}
	if random.IntN(4) == 0 {
		frame = frame[:14+random.IntN(len(frame)-13)]
	}
	return frame
}

func TestPacketsMutated(t *testing.T) {
	programs := runnablePackets(t)
	frames := validFrames()
	random := rand.New(rand.NewPCG(1, 2))
	counted := make(map[uint16]packetsTraffic)
	for range 10_000 {
		frame := mutate(random, frames[random.IntN(len(frames))].frame)
		protocol := programs.check(t, frame).Protocol
		traffic := counted[protocol]
		for _, program := range packetProgramNames {
			if runnable(program, frame) {
				traffic.Packets++
				traffic.Bytes += uint64(len(frame))
			}
		}
		counted[protocol] = traffic
	}
	// The counts and the events tell the same.
	if diff := cmp.Diff(counted, readProtocols(t, programs.Maps["protocols"])); diff != "" {
		t.Errorf("protocols (-want +got):\n%s", diff)
	}
	if lost := sum(t, programs.Maps["packets_lost"]); lost != 0 {
		t.Errorf("%d events lost", lost)
	}
}

// readProtocols sums the CPUs, and leaves out the protocols that were not seen.
func readProtocols(t testing.TB, protocols *ebpf.Map) map[uint16]packetsTraffic {
	t.Helper()
	seen := make(map[uint16]packetsTraffic)
	var key uint32
	var cpus []packetsTraffic
	entries := protocols.Iterate()
	for entries.Next(&key, &cpus) {
		var total packetsTraffic
		for _, cpu := range cpus {
			total.Packets += cpu.Packets
			total.Bytes += cpu.Bytes
		}
		if total != (packetsTraffic{}) {
			seen[uint16(key)] = total
		}
	}
	if err := entries.Err(); err != nil {
		t.Fatal(err)
	}
	return seen
}

func FuzzPackets(f *testing.F) {
	programs := runnablePackets(f)
	for _, tt := range slices.Concat(validFrames(), hostileFrames()) {
		f.Add(tt.frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) < 14 || len(frame) > 3000 {
			t.Skip("the kernel runs programs on 14 bytes to a page")
		}
		programs.check(t, frame)
	})
}
