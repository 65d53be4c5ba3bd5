/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/*
 * The types of probehost's objects: fixed-width integers, and typedefs whose
 * names tell the host how to show a field. The name counts anywhere in a chain
 * of typedefs: `typedef ip_proto32 protocol` is shown as a protocol too.
 */
#ifndef PROBE_TYPES_BPF_H
#define PROBE_TYPES_BPF_H

#ifndef __VMLINUX_H__
/*
 * linux/types.h includes asm/types.h, which Debian and Ubuntu keep in a folder
 * that `clang -target bpf` does not search. Without it, the integers that
 * linux/bpf.h needs are declared here, in its place.
 */
#if __has_include(<asm/types.h>) || defined(_LINUX_TYPES_H)
#include <linux/types.h>
#else
#define _LINUX_TYPES_H
typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __le16;
typedef __u16 __be16;
typedef __u32 __le32;
typedef __u32 __be32;
typedef __u64 __le64;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#endif
#include <linux/bpf.h>
#endif

#include <bpf/bpf_helpers.h>

/* Addresses. An ip_addr holds IPv6, or IPv4 as ::ffff:a.b.c.d. */
typedef __be32 ipv4_addr;
typedef __u8 ipv6_addr[16];
typedef __u8 ip_addr[16];
#ifndef __VMLINUX_H__ /* where the kernel's own mac_addr is, a structure */
typedef __u8 mac_addr[6];
#endif

/* Ports: as on the wire, and in host order. */
typedef __be16 be16_port;
typedef __u16 port_number;

/* IP protocols, in three widths. The wider two also hold categories above 255. */
typedef __u8 ip_proto;
typedef __u16 ip_proto16;
typedef __u32 ip_proto32;
enum {
	PROBE_PROTO_ARP = 256,
	PROBE_PROTO_NON_IP = 257,
	PROBE_PROTO_TRUNCATED = 258,
	PROBE_PROTO_MALFORMED = 259,
	PROBE_PROTO_COUNT
};

typedef __u16 ether_type;   /* host order */
typedef __u16 addr_family;  /* AF_INET, AF_INET6, ... */
typedef __u32 tcp_state;    /* TCP_ESTABLISHED, ... */
typedef __u32 if_index;     /* a network interface */

/* Identities and results. */
typedef __u32 user_id;
typedef __u32 group_id;
typedef __u64 cgroup_id;
typedef __s32 errno_code;   /* positive or negative */
typedef __u32 signal_number;

/* Nanoseconds: of bpf_ktime_get_ns, of bpf_ktime_get_boot_ns, and lengths of time. */
typedef __u64 ktime_ns;
typedef __u64 boottime_ns;
typedef __u64 duration_ns;

/* Sizes in bytes, and numbers to be shown in hexadecimal. */
typedef __u64 byte_count;
typedef __u32 byte_count32;
typedef __u8 hex8;
typedef __u16 hex16;
typedef __u32 hex32;
typedef __u64 hex64;

#endif
