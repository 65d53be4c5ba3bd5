/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/* The event of one packet. */
#ifndef PACKET_BPF_H
#define PACKET_BPF_H

#include "probe_types.bpf.h"

enum direction { ingress, egress } __attribute__((packed));

enum packet_status {
	ok,
	first_fragment, /* has the ports; more follow */
	fragment,       /* a later fragment: protocol known, no ports */
	truncated,      /* the frame ends before what its headers declare */
	malformed,      /* a header contradicts itself or what is around it */
} __attribute__((packed));

struct packet {
	ktime_ns time;
	ip_addr saddr;
	ip_addr daddr;
	byte_count32 size; /* of the frame, or of all segments of an offloaded one, as on the wire */
	if_index interface;
	port_number sport;
	port_number dport;
	ip_proto16 protocol;
	ether_type ethertype; /* of what is inside the VLAN tags */
	__u16 vlan;           /* 0: none */
	__u16 inner_vlan;
	__u16 segments; /* packets on the wire: above 1 when offloaded (GSO, GRO) */
	enum direction direction;
	enum packet_status status;
	mac_addr smac; /* zero without Ethernet */
	mac_addr dmac;
	__u8 ip_version; /* 0: not IP, or no valid IP header */
	__u8 ttl;        /* or hop limit */
	hex8 tcp_flags;
	__u8 icmp_type;
};

#endif
