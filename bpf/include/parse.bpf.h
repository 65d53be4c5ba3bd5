/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/*
 * From a frame to a packet event, for XDP and TC alike.
 *
 * Frames are hostile. Nothing is read that does not lie inside the frame, and a
 * field of the event is set only once the header that it comes from is known
 * to be whole and to agree with those around it.
 */
#ifndef PARSE_BPF_H
#define PARSE_BPF_H

#include "extensions.bpf.h"

#define MAX_VLAN_TAGS 4
#define VLAN_MASK 0x0fff
#define LARGEST_LENGTH 0xffff /* what the length fields of IP can say */

/* Reads the transport header at offset at, of which length bytes belong to the packet. */
static __always_inline enum packet_status parse_transport(struct frame *f, struct packet *p, __u32 at,
							  __u32 length)
{
	struct tcp_header tcp;
	__u32 header;

	switch (p->protocol) {
	case PROTOCOL_TCP:
		if (length < sizeof(tcp))
			return malformed;
		if (frame_load(f, at, &tcp, sizeof(tcp)))
			return truncated;
		header = (tcp.offset >> 4) * 4;
		if (header < sizeof(tcp) || header > length)
			return malformed;
		p->tcp_flags = tcp.flags;
		break;
	case PROTOCOL_UDP:
		header = sizeof(struct udp_header);
		if (length < header)
			return malformed;
		if (frame_load(f, at, &tcp, sizeof(struct udp_header)))
			return truncated;
		/* The first fragment declares the length of all; zero stands for more than 16 bits can say. */
		__u32 declared = bpf_ntohs(((struct udp_header *)&tcp)->length);
		if (declared < header && !(declared == 0 && length > LARGEST_LENGTH))
			return malformed;
		if (declared > length && p->status != first_fragment)
			return malformed;
		break;
	case PROTOCOL_SCTP:
		header = sizeof(struct sctp_header);
		if (length < header)
			return malformed;
		if (frame_load(f, at, &tcp, sizeof(struct sctp_header)))
			return truncated;
		break;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		header = sizeof(struct icmp_header);
		if (length < header)
			return malformed;
		if (frame_load(f, at, &tcp, sizeof(struct icmp_header)))
			return truncated;
		p->icmp_type = ((struct icmp_header *)&tcp)->type;
		return p->status;
	default:
		return p->status;
	}
	/* The three have their ports first. */
	p->sport = bpf_ntohs(tcp.sport);
	p->dport = bpf_ntohs(tcp.dport);
	f->payload = at + header;
	return p->status;
}

static __always_inline void map_ipv4(__u8 *to, __be32 from)
{
	__builtin_memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	__builtin_memcpy(to + 12, &from, sizeof(from));
}

/*
 * How long a packet is that declares `declared` bytes and begins at offset at
 * of the frame. Zero stands for more than 16 bits can say (big TCP, jumbograms).
 */
static __always_inline __u32 packet_length(struct frame *f, __u32 at, __u32 declared)
{
	__u32 rest = f->length - at;

	return declared == 0 && rest > LARGEST_LENGTH ? rest : declared;
}

static __always_inline enum packet_status parse_ipv4(struct frame *f, struct packet *p, __u32 at)
{
	struct ipv4_header ip;
	__u32 header, length;
	__u16 position;

	if (frame_load(f, at, &ip, sizeof(ip)))
		return truncated;
	header = (ip.version_length & 0x0f) * 4;
	length = packet_length(f, at, bpf_ntohs(ip.total_length));
	if (ip.version_length >> 4 != 4 || header < sizeof(ip) || length < header)
		return malformed;
	if (length > f->length - at)
		return truncated;
	p->protocol = ip.protocol;
	if (f->details) {
		p->ip_version = 4;
		p->ttl = ip.ttl;
		map_ipv4(p->saddr, ip.saddr);
		map_ipv4(p->daddr, ip.daddr);
	}
	position = bpf_ntohs(ip.fragment);
	if (position & 0x1fff)
		return fragment;
	if (position & 0x2000)
		p->status = first_fragment;
	return parse_transport(f, p, at + header, length - header);
}

static __always_inline enum packet_status parse_ipv6(struct frame *f, struct packet *p, __u32 at)
{
	struct ipv6_header ip;
	struct walk w;

	if (frame_load(f, at, &ip, sizeof(ip)))
		return truncated;
	if ((bpf_ntohl(ip.version_class_flow) >> 28) != 6)
		return malformed;
	w = (struct walk){.ctx = f->ctx, .at = at + sizeof(ip), .next = ip.next, .status = ok};
	w.length = packet_length(f, w.at, bpf_ntohs(ip.payload_length));
	if (w.length > f->length - w.at)
		return truncated;
	if (f->details) {
		p->ip_version = 6;
		p->ttl = ip.hop_limit;
		__builtin_memcpy(p->saddr, ip.saddr, sizeof(ip.saddr));
		__builtin_memcpy(p->daddr, ip.daddr, sizeof(ip.daddr));
	}
	if (is_extension(w.next))
		walk_extensions(&w, f->xdp);
	p->protocol = w.next;
	p->status = w.status;
	if (w.status != ok && w.status != first_fragment)
		return w.status;
	return parse_transport(f, p, w.at, w.length);
}

static __always_inline enum packet_status parse_network(struct frame *f, struct packet *p, __u32 at)
{
	switch (p->ethertype) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(f, p, at);
	case ETHERTYPE_IPV6:
		return parse_ipv6(f, p, at);
	case ETHERTYPE_ARP:
		p->protocol = PROBE_PROTO_ARP;
		return ok;
	default:
		p->protocol = PROBE_PROTO_NON_IP;
		return ok;
	}
}

static __always_inline void note_vlan(struct packet *p, __u32 tags, __u16 tci)
{
	if (tags == 0)
		p->vlan = tci & VLAN_MASK;
	else if (tags == 1)
		p->inner_vlan = tci & VLAN_MASK;
}

/*
 * Reads a frame from its first byte: an Ethernet header, or what p->ethertype
 * says. tags is how many VLAN tags the kernel has taken out of the frame.
 */
static __always_inline enum packet_status parse_frame(struct frame *f, struct packet *p, _Bool ethernet,
						      __u32 tags)
{
	struct ethernet_header link;
	struct vlan_tag tag;
	__u32 at = 0;

	if (ethernet) {
		if (frame_load(f, at, &link, sizeof(link)))
			return truncated;
		if (f->details) {
			__builtin_memcpy(p->dmac, link.daddr, sizeof(p->dmac));
			__builtin_memcpy(p->smac, link.saddr, sizeof(p->smac));
		}
		p->ethertype = bpf_ntohs(link.type);
		at = sizeof(link);
	}
	/* Unrolled: Linux 6.1 takes no loop whose last instruction is a call. */
#pragma unroll
	for (int i = 0; i <= MAX_VLAN_TAGS; i++, tags++) {
		if (p->ethertype != ETHERTYPE_VLAN && p->ethertype != ETHERTYPE_QINQ)
			break;
		if (tags >= MAX_VLAN_TAGS)
			return malformed;
		if (frame_load(f, at, &tag, sizeof(tag)))
			return truncated;
		note_vlan(p, tags, bpf_ntohs(tag.tci));
		p->ethertype = bpf_ntohs(tag.type);
		at += sizeof(tag);
	}
	return parse_network(f, p, at);
}

#endif
