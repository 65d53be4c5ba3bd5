//go:build ignore

// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/* Every macro of probe.bpf.h, each run by the test through a frame that says which. */
#include "probe.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

struct event {
	ktime_ns time;
	__u32 number;
	__u16 length;
	char text[];
};

PROBE_RING(events, struct event, 64 * 1024);
PROBE_PERF(samples, struct event);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} polled SEC(".maps");
PROBE_SWITCH(polled);

/* The second word of the frame is the number to be emitted. */
static __always_inline __u32 number(struct xdp_md *ctx)
{
	__u32 n = 0;

	bpf_xdp_load_bytes(ctx, 4, &n, sizeof(n));
	return n;
}

SEC("xdp")
int reserve_submit(struct xdp_md *ctx)
{
	struct event *event = probe_reserve(events);

	if (!event)
		return 1;
	__builtin_memset(event, 0, sizeof(*event));
	event->time = bpf_ktime_get_ns();
	event->number = number(ctx);
	probe_submit(event);
	return 0;
}

SEC("xdp")
int reserve_discard(struct xdp_md *ctx)
{
	struct event *event = probe_reserve(events);

	if (!event)
		return 1;
	probe_discard(event);
	return 0;
}

SEC("xdp")
int emit(struct xdp_md *ctx)
{
	struct event event = {.time = bpf_ktime_get_ns(), .number = number(ctx)};

	return probe_emit(events, &event) != 0;
}

SEC("xdp")
int emit_bytes(struct xdp_md *ctx)
{
	__u64 space[3] = {};
	struct event *event = (struct event *)space;

	event->number = number(ctx);
	event->length = 5;
	__builtin_memcpy(event->text, "hello", 5);
	return probe_emit_bytes(events, event, __builtin_offsetof(struct event, text) + 5) != 0;
}

SEC("xdp")
int emit_perf(struct xdp_md *ctx)
{
	struct event event = {.number = number(ctx)};

	return probe_emit_perf(ctx, samples, &event) != 0;
}

SEC("xdp")
int count_polled(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *value;

	if (!probe_on(polled))
		return 0;
	value = bpf_map_lookup_elem(&polled, &zero);
	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}

SEC("xdp")
int log_lines(struct xdp_md *ctx)
{
	char comm[16] = "a name";

	probe_error("plain");
	probe_warn("number %u of %s", number(ctx), comm);
	probe_info("%d %llx", -5, 0x1234567890abcdefULL);
	probe_debug("%c%%", 'x');
	return 0;
}

SEC("xdp")
int log_long(struct xdp_md *ctx)
{
	char word[64] = "0123456789012345678901234567890123456789012345678901234567890";

	probe_error("%s%s%s%s%s", word, word, word, word, word);
	return 0;
}
