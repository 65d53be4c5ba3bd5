//go:build ignore

// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * Signals: who sent which to whom, and how many of each there were.
 *
 * The first line keeps the Go tool, which builds the test beside this file, away from it.
 */
#include "probe.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "Dual MPL/GPL";

/* What is read of the kernel's own structures. CO-RE finds the fields at load, so only those in use are named. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct task_struct {
	int tgid;
	struct task_struct *group_leader;
	char comm[16];
};
struct kernel_siginfo {
	int si_code;
};
#pragma clang attribute pop

enum outcome { delivered, ignored, already_pending, overflow, info_lost } __attribute__((packed));

/* An event: its fields, their names and how they are shown come from this declaration. */
struct signal_sent {
	ktime_ns time;
	__u32 pid; /* the process that ran; for signals from the kernel not always the reason */
	user_id uid;
	__u32 target;
	signal_number signal;
	_Bool from_kernel; /* a fault, a timer, a terminal */
	enum outcome outcome;
	char comm[16];
	char target_comm[16];
};
PROBE_RING(signals, struct signal_sent, 256 * 1024);

/* How many there were: a map that the host reads every so often. */
typedef signal_number signal;
struct count {
	__u64 sent;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, signal);
	__type(value, struct count);
} by_signal SEC(".maps");
PROBE_SWITCH(by_signal);

static __always_inline void count(signal number)
{
	struct count none = {}, *count;

	bpf_map_update_elem(&by_signal, &number, &none, BPF_NOEXIST); /* fails when it is there: fine */
	count = bpf_map_lookup_elem(&by_signal, &number);
	if (count)
		__sync_fetch_and_add(&count->sent, 1);
	else
		probe_warn("no room to count signal %u", number);
}

SEC("raw_tp/signal_generate")
int BPF_PROG(signal_generate, int number, struct kernel_siginfo *info, struct task_struct *target, int group, int result)
{
	struct task_struct *leader;
	struct signal_sent *sent;

	if (probe_on(by_signal))
		count(number);
	sent = probe_reserve(signals);
	if (!sent)
		return 0;

	__builtin_memset(sent, 0, sizeof(*sent));
	sent->time = bpf_ktime_get_ns();
	sent->pid = bpf_get_current_pid_tgid() >> 32;
	sent->uid = bpf_get_current_uid_gid();
	sent->signal = number;
	sent->outcome = result;
	bpf_get_current_comm(sent->comm, sizeof(sent->comm));

	/* The kernel passes 0 for "from a process, no more to say" and 1 for "from the kernel" in place of a pointer. */
	if ((unsigned long)info > 1)
		sent->from_kernel = BPF_CORE_READ(info, si_code) > 0;
	else
		sent->from_kernel = info != 0;

	leader = BPF_CORE_READ(target, group_leader);
	sent->target = BPF_CORE_READ(leader, tgid);
	BPF_CORE_READ_STR_INTO(&sent->target_comm, leader, comm);
	probe_submit(sent);
	return 0;
}
