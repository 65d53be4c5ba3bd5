package bpf

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf"
)

// skbContext is a struct __sk_buff with the fields that a test run may set.
func skbContext(wireLength, segments, segmentSize uint32) []byte {
	context := make([]byte, 192)
	binary.NativeEndian.PutUint32(context[160:], wireLength)
	binary.NativeEndian.PutUint32(context[164:], segments)
	binary.NativeEndian.PutUint32(context[176:], segmentSize)
	return context
}

// A packet that a network card splits, or that was merged from several, counts as what is on the wire.
func TestPacketsOffloaded(t *testing.T) {
	programs := runnablePackets(t)
	payload := make([]byte, 2500)
	tcp4 := ethernet(typeIPv4, ipv4(protoTCP, tcp(1, 2, 0x10, make([]byte, 12), payload)))
	udp6 := ethernet(typeIPv6, ipv6(protoUDP, udp(1, 2, payload)))
	gre := ethernet(typeIPv4, ipv4(47, payload))
	const tcpHeaders, udpHeaders = 14 + 20 + 32, 14 + 40 + 8
	for _, tt := range []struct {
		name     string
		program  string
		frame    []byte
		context  []byte
		segments uint16
		size     int
	}{
		{"not offloaded", "count_egress", tcp4, skbContext(0, 0, 0), 1, len(tcp4)},
		{"one segment", "count_egress", tcp4, skbContext(0, 1, 2500), 1, len(tcp4)},
		{"merged", "count_ingress", tcp4, skbContext(0, 3, 1000), 3, len(tcp4) + 2*tcpHeaders},
		{"merged udp", "count_ingress", udp6, skbContext(0, 2, 1250), 2, len(udp6) + udpHeaders},
		{"segments not said", "count_ingress", tcp4, skbContext(0, 0, 1000), 3, len(tcp4) + 2*tcpHeaders},
		{"segments not said, exact", "count_egress", udp6, skbContext(0, 0, 1250), 2, len(udp6) + udpHeaders},
		{"the kernel has counted", "count_egress", tcp4, skbContext(3000, 3, 1000), 3, 3000},
		{"tunnel", "count_egress", gre, skbContext(2800, 3, 1000), 3, 2800},
		{"tunnel, segments not said", "count_ingress", gre, skbContext(0, 0, 1000), 1, len(gre)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := programs.run(t, tt.program, ebpf.RunOptions{Data: tt.frame, Context: tt.context})
			compare(t, "segments", got.Segments, tt.segments)
			compare(t, "size", got.Size, uint32(tt.size))
			compare(t, "status", got.Status, statusOK)
		})
	}
}

// Frames of more than one buffer, and packets longer than their length field can say.
func TestPacketsLarge(t *testing.T) {
	programs := runnablePackets(t)
	long := make([]byte, 65600)
	bigTCP := with(ethernet(typeIPv4, ipv4(protoTCP, tcp(1, 2, 0, nil, long))), 16, 0, 0)
	jumbo := with(ethernet(typeIPv6, ipv6(protoTCP, tcp(1, 2, 0, nil, long))), 18, 0, 0)
	for _, tt := range []struct {
		name  string
		frame []byte
	}{
		{"9000 bytes", ethernet(typeIPv6, ipv6(extHopByHop, extension(protoUDP, 0, udp(1, 2, make([]byte, 8900)))))},
		{"headers over several buffers", ethernet(typeIPv6, ipv6(extHopByHop, extension(extDestination, 200,
			extension(extDestination, 200, extension(extDestination, 200, extension(protoTCP, 0, tcp(3, 4, 0, nil, long[:99])))))))},
		{"big TCP", bigTCP},
		{"jumbogram", jumbo},
		{"jumbogram without a length, cut", jumbo[:60000]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := reference(tt.frame)
			got := programs.run(t, "count_packets", ebpf.RunOptions{Data: tt.frame})
			want.Time = got.Time
			compare(t, "event", got, want)
		})
	}
}
