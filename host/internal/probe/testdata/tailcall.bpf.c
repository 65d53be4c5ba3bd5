// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/* A program that tail-calls another, through an array that the object fills; and a map of maps. */
#define PROBE_NO_LOGS
#include "probe.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

struct hit {
	__u32 pid;
	__u32 inner;
};

PROBE_RING(hits, struct hit, 4096);

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} held SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {&held}};

int called(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int(void *));
} jumps SEC(".maps") = {.values = {[1] = (void *)&called}};

SEC("raw_tp/sys_enter")
int caller(void *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return 0;
}

SEC("raw_tp")
int called(void *ctx)
{
	struct hit *hit;
	__u32 zero = 0, *number = NULL;
	void *inner = bpf_map_lookup_elem(&outer, &zero);

	if (inner)
		number = bpf_map_lookup_elem(inner, &zero);
	hit = probe_reserve(hits);
	if (!hit)
		return 0;
	hit->pid = bpf_get_current_pid_tgid() >> 32;
	hit->inner = number ? 1 : 0;
	probe_submit(hit);
	return 0;
}
