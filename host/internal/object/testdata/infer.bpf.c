// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * Ring buffers whose definitions do not say the type of their records, as many
 * objects in the wild have them. What else the object holds is chosen by the
 * macros KEPT, LEFTOVER, SECOND_LEFTOVER, SECOND_RING and OLD_PERF.
 */
#include "probe_types.bpf.h"
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "Dual MPL/GPL";

struct event {
	__u64 pid;
	char comm[16];
};

/* A kernel type, read through CO-RE. */
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct key {
	__u32 id;
};

struct settings {
	__u32 level;
};

struct settings settings = {1};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct key);
	__type(value, __u64);
} seen SEC(".maps");

#ifdef OLD_PERF
/* The int is what the kernel keeps in the map, not what it carries. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, int);
} events SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");
#endif

#ifdef SECOND_RING
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} others SEC(".maps");
#endif

#ifdef KEPT
const struct event *unused __attribute__((unused));
#endif

#ifdef LEFTOVER
/* Not inlined, so that the struct gets into the BTF. */
static __attribute__((noinline)) int fill(struct event *e)
{
	e->pid = bpf_get_current_pid_tgid() >> 32;
	return bpf_get_current_comm(e->comm, sizeof(e->comm));
}
#endif

#ifdef SECOND_LEFTOVER
struct other {
	__u64 time;
};

static __attribute__((noinline)) int stamp(struct other *o)
{
	o->time = bpf_ktime_get_ns();
	return 0;
}
#endif

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct key key = {.id = BPF_CORE_READ(task, pid) + settings.level};
	__u64 *n = bpf_map_lookup_elem(&seen, &key);

	if (!n)
		return 0;
#ifdef LEFTOVER
	struct event e = {};

	*n += fill(&e);
#endif
#ifdef SECOND_LEFTOVER
	struct other o = {};

	*n += stamp(&o);
#endif
	return 0;
}
