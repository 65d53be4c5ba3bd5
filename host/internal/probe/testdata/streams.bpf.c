// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * Records in numbers and sizes as a test asks for, by BPF_PROG_TEST_RUN of a
 * socket filter, into rings and a perf event array.
 */
#include "probe.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

struct item {
	__u64 seq;
	__u64 check; /* the complement of seq */
	__u64 pad[4];
};

PROBE_RING(items, struct item, 256 * 1024);
PROBE_PERF(samples, struct item);

/* A ring as others make it: nothing counts what does not fit. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
	__type(value, struct item);
} foreign SEC(".maps");

/* What a run does. Tests write these. */
__u64 next_seq;
__u32 count;
__u32 discard_every; /* this one of so many is discarded */
__u32 size;	     /* bytes of each record, 0: a struct item */
__u64 flags;	     /* of the ring: BPF_RB_NO_WAKEUP, ... */

char bytes[4096];

static long emit_item(__u32 i, void *ctx)
{
	__u64 seq = next_seq++;
	struct item *item;

	if (size) {
		*(__u64 *)bytes = seq;
		if (bpf_ringbuf_output(&items, bytes, size & 4095, flags))
			probe_count(&items_lost);
		return 0;
	}
	item = probe_reserve(items);
	if (!item)
		return 0;
	item->seq = seq;
	item->check = ~seq;
	__builtin_memset(item->pad, 0, sizeof(item->pad));
	if (discard_every && i % discard_every == 0)
		bpf_ringbuf_discard(item, flags);
	else
		bpf_ringbuf_submit(item, flags);
	return 0;
}

SEC("socket")
int emit_items(struct __sk_buff *skb)
{
	if (!items_on)
		return 1;
	bpf_loop(count, emit_item, NULL, 0);
	return 0;
}

static long emit_foreign(__u32 i, void *ctx)
{
	struct item item = {.seq = next_seq++};

	item.check = ~item.seq;
	bpf_ringbuf_output(&foreign, &item, sizeof(item), flags);
	return 0;
}

SEC("socket")
int emit_foreigns(struct __sk_buff *skb)
{
	bpf_loop(count, emit_foreign, NULL, 0);
	return 0;
}

static long emit_sample(__u32 i, void *ctx)
{
	struct item item = {.seq = next_seq++};

	item.check = ~item.seq;
	probe_emit_perf(*(struct __sk_buff **)ctx, samples, &item);
	return 0;
}

SEC("socket")
int emit_samples(struct __sk_buff *skb)
{
	bpf_loop(count, emit_sample, &skb, 0);
	return 0;
}

SEC("socket")
int write_logs(struct __sk_buff *skb)
{
	probe_error("error %d", 1);
	probe_warn("warning %s", "two\x1b[2J\n");
	probe_info("info %llx", 3ULL);
	probe_debug("debug %d", 4);
	return 0;
}

SEC("socket")
int write_log(struct __sk_buff *skb)
{
	probe_info("from the other program");
	return 0;
}
