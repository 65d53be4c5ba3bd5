// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/* Programs that the kernel refuses, each for its own reason. */
#define PROBE_NO_LOGS
#include "probe.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

/* Reads behind the value that it looked up. */
SEC("socket")
int out_of_bounds(void *ctx)
{
	__u32 zero = 0;
	__u64 *number = bpf_map_lookup_elem(&numbers, &zero);

	if (!number)
		return 0;
	return number[3];
}

/* Follows a pointer that may be NULL. */
SEC("socket")
int unchecked(void *ctx)
{
	__u32 zero = 0;
	__u64 *number = bpf_map_lookup_elem(&numbers, &zero);

	return *number;
}

/* Reads a field that no kernel has. */
struct task_struct {
	int probehost_has_no_such_field;
} __attribute__((preserve_access_index));

SEC("raw_tp")
int missing_field(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), &task->probehost_has_no_such_field);
	return value;
}

/* Calls a helper that programs of its type must not. */
SEC("socket")
int forbidden_helper(void *ctx)
{
	__u32 zero = 0;

	return bpf_sock_map_update(ctx, &numbers, &zero, 0);
}

/* Counts to what only luck brings about. */
SEC("socket")
int endless(void *ctx)
{
	__u64 sum = 0;

	while (sum < 1000000)
		sum += bpf_get_prandom_u32() & 1;
	return 0;
}

/* Returns what was never set. */
SEC("socket")
int unset(void *ctx)
{
	__u64 value;

	asm volatile("%0 = r4" : "=r"(value));
	return value;
}

/* Nothing is wrong with it. */
SEC("raw_tp")
int sound(void *ctx)
{
	return 0;
}
