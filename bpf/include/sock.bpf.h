/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/*
 * The few kernel types that describe a TCP socket. CO-RE finds each field's
 * real place at load, so only the names and types used are declared.
 */
#ifndef SOCK_BPF_H
#define SOCK_BPF_H

#include "probe_types.bpf.h"
#include <bpf/bpf_core_read.h>

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	int sk_err;
	int sk_err_soft; /* an error met on the way that was not fatal */
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport; /* kept when the port is given back, unlike skc_num */
};

/* The fields of the tracepoint sock/inet_sock_set_state. */
struct trace_event_raw_inet_sock_set_state {
	const void *skaddr;
	int oldstate;
	int newstate;
	__u16 protocol;
};

#pragma clang attribute pop

#endif
