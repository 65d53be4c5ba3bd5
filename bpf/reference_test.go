package bpf

import "encoding/binary"

// The statuses, and the categories that stand in for a protocol.
const (
	statusOK = iota
	statusFirstFragment
	statusFragment
	statusTruncated
	statusMalformed

	categoryARP       = 256
	categoryNonIP     = 257
	categoryTruncated = 258
	categoryMalformed = 259
)

// reference is what a frame ought to be read as, written to be checked by eye
// rather than by the verifier: slices that shrink from the outside in.
func reference(frame []byte) packetsPacket {
	event := packetsPacket{Size: uint32(len(frame)), Interface: 1, Segments: 1}
	event.Status = referenceLink(frame, &event)
	switch event.Status {
	case statusTruncated:
		event.Protocol = categoryTruncated
	case statusMalformed:
		event.Protocol = categoryMalformed
	}
	return event
}

func referenceLink(frame []byte, event *packetsPacket) uint8 {
	if len(frame) < 14 {
		return statusTruncated
	}
	copy(event.Dmac[:], frame)
	copy(event.Smac[:], frame[6:])
	event.Ethertype = binary.BigEndian.Uint16(frame[12:])
	frame = frame[14:]
	for tags := 0; event.Ethertype == typeVLAN || event.Ethertype == typeQinQ; tags++ {
		if tags == 4 {
			return statusMalformed
		}
		if len(frame) < 4 {
			return statusTruncated
		}
		vlan := binary.BigEndian.Uint16(frame) & 0xfff
		switch tags {
		case 0:
			event.Vlan = vlan
		case 1:
			event.InnerVlan = vlan
		}
		event.Ethertype = binary.BigEndian.Uint16(frame[2:])
		frame = frame[4:]
	}
	return referenceNetwork(frame, event)
}

func referenceNetwork(packet []byte, event *packetsPacket) uint8 {
	switch event.Ethertype {
	case typeIPv4:
		return referenceIPv4(packet, event)
	case typeIPv6:
		return referenceIPv6(packet, event)
	case typeARP:
		event.Protocol = categoryARP
	default:
		event.Protocol = categoryNonIP
	}
	return statusOK
}

// declaredLength is the length field of an IP header; zero means all there is when that is more than the field can say.
func declaredLength(field []byte, there int) int {
	length := int(binary.BigEndian.Uint16(field))
	if length == 0 && there > 0xffff {
		return there
	}
	return length
}

func referenceIPv4(packet []byte, event *packetsPacket) uint8 {
	if len(packet) < 20 {
		return statusTruncated
	}
	header := int(packet[0]&15) * 4
	length := declaredLength(packet[2:], len(packet))
	if packet[0]>>4 != 4 || header < 20 || length < header {
		return statusMalformed
	}
	if length > len(packet) {
		return statusTruncated
	}
	event.IpVersion = 4
	event.Ttl = packet[8]
	event.Protocol = uint16(packet[9])
	for i, address := range [][]byte{packet[12:16], packet[16:20]} {
		mapped := append([]byte{10: 0xff, 11: 0xff}, address...)
		copy([]*[16]uint8{&event.Saddr, &event.Daddr}[i][:], mapped)
	}
	field := binary.BigEndian.Uint16(packet[6:])
	if field&0x1fff != 0 {
		return statusFragment
	}
	first := field&0x2000 != 0
	return referenceTransport(packet[header:length], first, event)
}

func referenceIPv6(packet []byte, event *packetsPacket) uint8 {
	if len(packet) < 40 {
		return statusTruncated
	}
	if packet[0]>>4 != 6 {
		return statusMalformed
	}
	payload := packet[40:]
	length := declaredLength(packet[4:], len(payload))
	if length > len(payload) {
		return statusTruncated
	}
	payload = payload[:length]
	event.IpVersion = 6
	event.Ttl = packet[7]
	copy(event.Saddr[:], packet[8:])
	copy(event.Daddr[:], packet[24:])

	next, first := packet[6], false
	for headers := 0; ; headers++ {
		var size int
		switch next {
		case extHopByHop, extRouting, extDestination, extFragment, extAH:
		default:
			event.Protocol = uint16(next)
			return referenceTransport(payload, first, event)
		}
		if headers == 8 || len(payload) < 4 || (next == extHopByHop && headers > 0) {
			return statusMalformed
		}
		switch next {
		case extAH:
			size = (int(payload[1]) + 2) * 4
		case extFragment:
			size = 8
		default:
			size = (int(payload[1]) + 1) * 8
		}
		if size > len(payload) {
			return statusMalformed
		}
		if next == extFragment {
			field := binary.BigEndian.Uint16(payload[2:])
			if field>>3 != 0 {
				event.Protocol = uint16(payload[0])
				return statusFragment
			}
			first = first || field&1 != 0
		}
		next, payload = payload[0], payload[size:]
	}
}

func referenceTransport(payload []byte, first bool, event *packetsPacket) uint8 {
	smallest := map[uint16]int{protoTCP: 20, protoUDP: 8, protoSCTP: 12, protoICMP: 4, protoICMPv6: 4}[event.Protocol]
	if len(payload) < smallest {
		return statusMalformed
	}
	switch event.Protocol {
	case protoTCP:
		if header := int(payload[12]>>4) * 4; header < 20 || header > len(payload) {
			return statusMalformed
		}
		event.TcpFlags = payload[13]
	case protoUDP:
		declared := int(binary.BigEndian.Uint16(payload[4:]))
		huge := declared == 0 && len(payload) > 0xffff
		if !huge && (declared < 8 || declared > len(payload) && !first) {
			return statusMalformed
		}
	case protoICMP, protoICMPv6:
		event.IcmpType = payload[0]
	}
	switch event.Protocol {
	case protoTCP, protoUDP, protoSCTP:
		event.Sport = binary.BigEndian.Uint16(payload)
		event.Dport = binary.BigEndian.Uint16(payload[2:])
	}
	if first {
		return statusFirstFragment
	}
	return statusOK
}
