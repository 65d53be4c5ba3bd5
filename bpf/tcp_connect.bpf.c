//go:build ignore

// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * Outgoing TCP connections, with who made them and how they ended.
 *
 * A connection starts in the process that calls connect and is decided later,
 * mostly in an interrupt, where the current process is any. So one program notes
 * who started it, by socket, and connect_result joins that to the outcome. Three
 * programs can note the start; attach one: fentry is the cheapest, the tracepoint
 * the most widely allowed.
 */
#include "probe.bpf.h"
#include "regs.bpf.h"
#include "sock.bpf.h"
#include <bpf/bpf_tracing.h>

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3 };
enum { EADDRNOTAVAIL = 99, ECONNABORTED = 103 };

char _license[] SEC("license") = "Dual MPL/GPL";

struct connect {
	ktime_ns time; /* of the outcome */
	__u32 pid;
	__u32 tid;
	user_id uid;
	group_id gid;
	char comm[16];
	ip_addr saddr;
	ip_addr daddr;
	port_number sport;
	port_number dport;
	errno_code result; /* 0, or why there is no connection */
	duration_ns latency;
	addr_family family; /* of the socket: IPv4 over AF_INET6 has ::ffff: addresses */
	_Bool known;        /* whether the start was seen: else pid to comm and latency are zero */
};

PROBE_RING(connects, struct connect, 256 * 1024);

/* Connections whose start was not noted, or was forgotten because too many were under way. */
PROBE_LOST(owners);

struct owner {
	ktime_ns time;
	__u32 pid;
	__u32 tid;
	user_id uid;
	group_id gid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64); /* the socket's address */
	__type(value, struct owner);
} probe_owners SEC(".maps");

static __always_inline void current_owner(struct owner *owner)
{
	__u64 ids = bpf_get_current_pid_tgid();

	owner->time = bpf_ktime_get_ns();
	owner->pid = ids >> 32;
	owner->tid = ids;
	ids = bpf_get_current_uid_gid();
	owner->uid = ids;
	owner->gid = ids >> 32;
	bpf_get_current_comm(owner->comm, sizeof(owner->comm));
}

static __always_inline int note_owner(__u64 sk)
{
	struct owner owner;

	current_owner(&owner);
	if (bpf_map_update_elem(&probe_owners, &sk, &owner, BPF_ANY))
		probe_warn("connection of %s (pid %u) not noted: table full", owner.comm, owner.pid);
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(connect_fentry, struct sock *sk)
{
	return probe_on(connects) ? note_owner((__u64)sk) : 0;
}

SEC("kprobe/tcp_connect")
int connect_kprobe(struct pt_regs *regs)
{
	return probe_on(connects) ? note_owner(regs_arg1(regs)) : 0;
}

SEC("tracepoint/sock/inet_sock_set_state")
int connect_tracepoint(struct trace_event_raw_inet_sock_set_state *event)
{
	if (!probe_on(connects) || event->protocol != IPPROTO_TCP || event->newstate != TCP_SYN_SENT)
		return 0;
	return note_owner((__u64)event->skaddr);
}

static __always_inline void map_ipv4(__u8 *to, __be32 from)
{
	__builtin_memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	__builtin_memcpy(to + 12, &from, sizeof(from));
}

static __always_inline void read_addresses(struct connect *connect, struct sock *sk)
{
	connect->sport = __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	connect->dport = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	connect->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (connect->family == AF_INET6) {
		BPF_CORE_READ_INTO(&connect->saddr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&connect->daddr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
		return;
	}
	map_ipv4(connect->saddr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	map_ipv4(connect->daddr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
}

static __always_inline void read_owner(struct connect *connect, const struct owner *owner)
{
	if (!owner) {
		probe_count(&owners_lost);
		return;
	}
	connect->known = 1;
	connect->latency = connect->time - owner->time;
	connect->pid = owner->pid;
	connect->tid = owner->tid;
	connect->uid = owner->uid;
	connect->gid = owner->gid;
	__builtin_memcpy(connect->comm, owner->comm, sizeof(connect->comm));
}

/* Why a connection that was being made is closed. */
static __always_inline int failure(struct sock *sk, const struct connect *connect)
{
	int err = BPF_CORE_READ(sk, sk_err);

	if (!err)
		err = BPF_CORE_READ(sk, sk_err_soft);
	if (err)
		return err;
	/* Neither the network nor the peer refused: no local port was free, or the process gave up. */
	return connect->sport ? ECONNABORTED : EADDRNOTAVAIL;
}

SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(connect_result, struct sock *sk, int oldstate, int newstate)
{
	struct connect *connect;
	struct owner *owner, caller;
	__u64 key = (__u64)sk;

	if (!probe_on(connects) || (oldstate != TCP_SYN_SENT && oldstate != TCP_SYN_RECV))
		return 0;
	/* Both ends called connect at once: not decided yet. */
	if (newstate == TCP_SYN_RECV || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	owner = bpf_map_lookup_elem(&probe_owners, &key);
	/* In SYN_RECV, only a socket with an owner has called connect; others were accepted. */
	if (!owner && oldstate == TCP_SYN_RECV)
		return 0;

	connect = probe_reserve(connects);
	if (connect) {
		__builtin_memset(connect, 0, sizeof(*connect));
		connect->time = bpf_ktime_get_ns();
		read_addresses(connect, sk);
		connect->result = newstate == TCP_ESTABLISHED ? 0 : failure(sk, connect);
		/* Without a port, connect has failed before tcp_connect, and is still running. */
		if (!owner && connect->sport == 0) {
			current_owner(&caller);
			caller.time = connect->time;
			owner = &caller;
		}
		read_owner(connect, owner);
		probe_submit(connect);
	}
	bpf_map_delete_elem(&probe_owners, &key);
	return 0;
}
