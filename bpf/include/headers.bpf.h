/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/* Network headers as they are on the wire, and the numbers that tell them apart. */
#ifndef HEADERS_BPF_H
#define HEADERS_BPF_H

#include "probe_types.bpf.h"
#include <bpf/bpf_endian.h>

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100, /* 802.1Q */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_QINQ = 0x88a8, /* 802.1ad */
};

enum protocol_number {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_NONE = 59,
	PROTOCOL_DESTINATION = 60,
	PROTOCOL_SCTP = 132,
};

struct ethernet_header {
	__u8 daddr[6];
	__u8 saddr[6];
	__be16 type;
};

struct vlan_tag {
	__be16 tci; /* priority, drop eligible, 12 bits of VLAN */
	__be16 type;
};

struct ipv4_header {
	__u8 version_length; /* length in words of 4 bytes */
	__u8 tos;
	__be16 total_length;
	__be16 id;
	__be16 fragment; /* reserved, don't, more; 13 bits of offset in words of 8 bytes */
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6_header {
	__be32 version_class_flow;
	__be16 payload_length;
	__u8 next;
	__u8 hop_limit;
	__be32 saddr[4];
	__be32 daddr[4];
};

/* The start of every extension header. The fragment header has no length: it is 8 bytes. */
struct extension_header {
	__u8 next;
	__u8 length; /* in words of 8 bytes, less one; of AH, in words of 4 bytes, less two */
	__be16 fragment; /* of a fragment header: 13 bits of offset in words of 8 bytes, 2 reserved, more */
};

struct tcp_header {
	__be16 sport;
	__be16 dport;
	__be32 sequence;
	__be32 acknowledged;
	__u8 offset; /* high half: length of this header in words of 4 bytes */
	__u8 flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
};

struct udp_header {
	__be16 sport;
	__be16 dport;
	__be16 length;
	__be16 checksum;
};

struct sctp_header {
	__be16 sport;
	__be16 dport;
	__be32 tag;
	__be32 checksum;
};

struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
};

#endif
