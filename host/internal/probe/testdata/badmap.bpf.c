// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/* A map that no kernel makes. */
#define PROBE_NO_LOGS
#include "probe.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(map_flags, 1U << 31);
	__type(key, __u32);
	__type(value, __u64);
} impossible SEC(".maps");

SEC("raw_tp/sched_process_exec")
int uses_it(void *ctx)
{
	__u32 zero = 0;

	return !bpf_map_lookup_elem(&impossible, &zero);
}
