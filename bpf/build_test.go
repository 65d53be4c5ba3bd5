package bpf

import (
	"encoding/binary"
	"slices"
)

// Packets are built inside out: ethernet(typeIPv4, ipv4(protoUDP, udp(53, 1024, payload))).

const (
	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeVLAN = 0x8100
	typeIPv6 = 0x86dd
	typeQinQ = 0x88a8

	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoESP    = 50
	protoICMPv6 = 58
	protoSCTP   = 132

	extHopByHop    = 0
	extRouting     = 43
	extFragment    = 44
	extAH          = 51
	extNone        = 59
	extDestination = 60
)

var (
	macA = []byte{2, 0, 0, 0, 0, 1}
	macB = []byte{2, 0, 0, 0, 0, 2}
	ip4A = []byte{192, 0, 2, 1}
	ip4B = []byte{198, 51, 100, 2}
	ip6A = []byte{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	ip6B = []byte{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}
)

func be16(values ...int) (b []byte) {
	for _, value := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(value))
	}
	return b
}

func ethernet(etherType int, inner []byte) []byte {
	return slices.Concat(macB, macA, be16(etherType), inner)
}

// tag is what follows the ethertype of a VLAN: the tag, and what it wraps. The priority is 5.
func tag(vlan, etherType int, inner []byte) []byte {
	return slices.Concat(be16(5<<13|vlan, etherType), inner)
}

func ipv4(protocol byte, inner []byte) []byte {
	return ipv4With(protocol, nil, 0, inner)
}

// ipv4With has options, a multiple of four bytes, and a fragment field: offset in words of 8 bytes, 0x2000 for more.
func ipv4With(protocol byte, options []byte, fragment int, inner []byte) []byte {
	header := 20 + len(options)
	return slices.Concat([]byte{0x40 | byte(header/4), 0}, be16(header+len(inner), 0x1234, fragment),
		[]byte{61, protocol, 0, 0}, ip4A, ip4B, options, inner)
}

func ipv6(next byte, inner []byte) []byte {
	return slices.Concat([]byte{0x60, 0, 0, 0}, be16(len(inner)), []byte{next, 62}, ip6A, ip6B, inner)
}

// extension is a hop-by-hop, routing or destination header of 8*(words+1) bytes.
func extension(next byte, words int, inner []byte) []byte {
	header := make([]byte, 8*(words+1))
	header[0], header[1] = next, byte(words)
	return append(header, inner...)
}

// authentication is an AH header with an integrity check of 4*words bytes.
func authentication(next byte, words int, inner []byte) []byte {
	header := make([]byte, 12+4*words)
	header[0], header[1] = next, byte(words+1)
	return append(header, inner...)
}

func fragmentHeader(next byte, offset int, more bool, inner []byte) []byte {
	field := offset << 3
	if more {
		field |= 1
	}
	return slices.Concat([]byte{next, 0}, be16(field, 0, 99), inner)
}

func tcp(sport, dport int, flags byte, options, payload []byte) []byte {
	return slices.Concat(be16(sport, dport, 0, 1, 0, 2), []byte{byte(20+len(options)) << 2, flags},
		be16(512, 0, 0), options, payload)
}

func udp(sport, dport int, payload []byte) []byte {
	return slices.Concat(be16(sport, dport, 8+len(payload), 0), payload)
}

func sctp(sport, dport int, chunks []byte) []byte {
	return slices.Concat(be16(sport, dport, 0, 7, 0, 0), chunks)
}

func icmp(kind byte, rest []byte) []byte {
	return slices.Concat([]byte{kind, 0, 0, 0}, rest)
}

func arp() []byte {
	return slices.Concat(be16(1, typeIPv4), []byte{6, 4}, be16(1), macA, ip4A, make([]byte, 6), ip4B)
}

// with is a copy of a packet in which the bytes from offset at are others.
func with(packet []byte, at int, others ...byte) []byte {
	packet = slices.Clone(packet)
	copy(packet[at:], others)
	return packet
}
