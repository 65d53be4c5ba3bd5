//go:build ignore

// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * The flood of the benchmarks: as many records as asked for, in a tight loop.
 *
 * Run by BPF_PROG_TEST_RUN, in the caller's thread: what CPU time that takes is
 * the kernel's part.
 */
#define PROBE_NO_LOGS
#include "probe.bpf.h"
#include <bpf/bpf_endian.h>

char _license[] SEC("license") = "Dual MPL/GPL";

struct flood {
	ktime_ns time;
	__u64 seq;
	ip_addr saddr;
	__u32 size;
	__u32 value;
	__u64 check; /* the complement of seq: a reader sees whether records are whole */
};

PROBE_RING(floods, struct flood, 16 * 1024 * 1024);

/* The context, given with each run. */
struct run {
	__u64 first; /* the seq of the first record */
	__u32 count; /* of records; 2^23 at most */
};

struct loop {
	__u64 first;
	__u64 time;
};

static __always_inline void fill(struct flood *flood, const struct loop *loop, __u32 index)
{
	__u64 seq = loop->first + index;

	flood->time = loop->time;
	flood->seq = seq;
	__builtin_memset(flood->saddr, 0, 8);
	*(__u32 *)(flood->saddr + 8) = bpf_htonl(0xffff);
	*(__u32 *)(flood->saddr + 12) = seq;
	flood->size = index & 0x7ff;
	flood->value = index & 0xff;
	flood->check = ~seq;
}

static long emit_one(__u32 index, void *ctx)
{
	struct flood *flood = probe_reserve(floods);

	if (flood) {
		fill(flood, ctx, index);
		probe_submit(flood);
	}
	return 0;
}

SEC("syscall")
int emit_floods(struct run *run)
{
	struct loop loop = {.first = run->first, .time = bpf_ktime_get_ns()};

	bpf_loop(run->count, emit_one, &loop, 0);
	return 0;
}

SEC("raw_tp/task_rename")
int attached(void *ctx)
{
	return 0;
}
