// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/* A map of each kind that the package tells apart, and programs in sections of all forms. */
#include "probe_types.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

typedef ip_proto32 protocol;

struct traffic {
	__u64 packets;
	byte_count bytes;
};

#define MAP(name, kind, k, v)                  \
	struct {                               \
		__uint(type, kind);            \
		__uint(max_entries, 16);       \
		__type(key, k);                \
		__type(value, v);              \
	} name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, protocol, struct traffic);
MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, protocol, struct traffic);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, protocol, struct traffic);
MAP(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, protocol, struct traffic);
MAP(array, BPF_MAP_TYPE_ARRAY, protocol, struct traffic);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, protocol, struct traffic);
MAP(probe_state, BPF_MAP_TYPE_HASH, protocol, struct traffic);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(key_size, 4);
	__uint(value_size, 24);
} untyped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

struct event {
	ktime_ns time;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 0);
	__type(value, struct event);
} samples SEC(".maps");

#define PROGRAM(section, name) \
	SEC(section) int name(void *ctx) { return 0; }

PROGRAM("xdp", xdp_plain)
PROGRAM("xdp.frags", xdp_frags)
PROGRAM("xdp_drop", xdp_loose)
PROGRAM("xdp/devmap", xdp_devmap)
PROGRAM("tcx/ingress", tcx_in)
PROGRAM("tc/egress", tc_out)
PROGRAM("tc", tc_open)
PROGRAM("tp/sched/sched_switch", tp_named)
PROGRAM("tracepoint", tp_open)
PROGRAM("raw_tp/sched_switch", raw_named)
PROGRAM("raw_tp", raw_open)
PROGRAM("tp_btf/sched_switch", btf_named)
PROGRAM("fentry/do_exit", fentry_named)
PROGRAM("fexit.s/do_exit", fexit_named)
PROGRAM("kprobe/do_exit", kprobe_named)
PROGRAM("kprobe", kprobe_open)
PROGRAM("kretprobe.multi/tcp_*", kretprobe_pattern)
PROGRAM("ksyscall/openat", syscall_named)
PROGRAM("uprobe//bin/bash:readline", uprobe_named)
PROGRAM("uretprobe/readline", uprobe_open)
PROGRAM("lsm/file_open", lsm_named)
PROGRAM("perf_event", perf_open)
PROGRAM("sockops", sockops_open)
PROGRAM("cgroup_skb/ingress", cgroup_in)
PROGRAM("cgroup/skb", cgroup_open)
PROGRAM("cgroup/connect4", cgroup_connect)
PROGRAM("iter/task", iterator)
PROGRAM("struct_ops/init", operations)
PROGRAM("socket", socket_filter)
PROGRAM("?kprobe/do_exit", not_by_default)
