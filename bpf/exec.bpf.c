//go:build ignore

// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * Processes that start a program, and processes that end.
 *
 * Raw tracepoints: they need no tracefs, and hand over the kernel's own
 * structures, from which parent, arguments and exit code are read by CO-RE.
 */
#include "probe.bpf.h"
#include "task.bpf.h"
#include <bpf/bpf_tracing.h>

#define FILENAME_BYTES 256
#define ARGS_BYTES 1024
#define EEXIST 17

char _license[] SEC("license") = "Dual MPL/GPL";

struct start {
	ktime_ns time;
	__u32 pid;
	__u32 tid; /* the thread that called exec; from then on its id is the pid */
	__u32 ppid;
	user_id uid;
	group_id gid;
	user_id euid;
	cgroup_id cgroup;
	char comm[TASK_COMM_LEN];
	char parent_comm[TASK_COMM_LEN];
	char filename[FILENAME_BYTES];
	__u32 argc;
	_Bool filename_cut;
	_Bool args_cut;                          /* longer than the bound, or not readable */
	char args[] __attribute__((aligned(8))); /* joined by spaces, without NUL */
};

struct exit {
	ktime_ns time;
	__u32 pid;
	__u32 ppid;
	user_id uid;
	group_id gid;
	char comm[TASK_COMM_LEN];
	__u32 exit_code;      /* 0 when a signal ended it */
	signal_number signal; /* 0 when it ended by itself */
	duration_ns duration; /* since the process was made, not since exec */
	cgroup_id cgroup;
	_Bool core_dumped;
};

PROBE_RING(starts, struct start, 1024 * 1024);
PROBE_RING(exits, struct exit, 256 * 1024);

/*
 * A record under construction: too large for the stack, and emitted only as long
 * as its arguments are. One per CPU is enough, because the kernel does not start
 * a tracing program while it runs on the same CPU.
 */
struct start_buffer {
	char bytes[sizeof(struct start) + ARGS_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct start_buffer);
} probe_start_buffer SEC(".maps");

/* Processes whose end was reported lately, by pid and start: see once(). */
struct life {
	__u64 start_time;
	__u64 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct life);
	__type(value, __u8);
} probe_ended SEC(".maps");

/* Turns the NULs among eight characters into spaces. */
static __always_inline __u64 spaces_for_nuls(__u64 text)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7f;
	__u64 nuls = ~(((text & low) + low) | text | low); /* 0x80 where there is a NUL */

	return text | nuls >> 2;
}

/* Reads the new program's arguments into the record; returns how many bytes they take. */
static __always_inline __u32 read_args(struct start *start, struct task_struct *task)
{
	unsigned long from = BPF_CORE_READ(task, mm, arg_start);
	__u64 size = BPF_CORE_READ(task, mm, arg_end) - from;
	__u64 *words = (__u64 *)start->args;

	start->args_cut = size > ARGS_BYTES;
	if (size > ARGS_BYTES)
		size = ARGS_BYTES;
	if (size == 0)
		return 0;
	/* exec has just written them, so the pages are there: this fails for other memory only. */
	if (bpf_probe_read_user(start->args, size, (void *)from)) {
		start->args_cut = 1;
		probe_debug("arguments of pid %u are not readable", start->pid);
		return 0;
	}
	for (__u32 i = 0; i < ARGS_BYTES / 8 && i * 8 < size; i++)
		words[i] = spaces_for_nuls(words[i]);
	return start->args_cut ? size : size - 1; /* the last NUL ends the text */
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct task_struct *parent;
	struct start *start;
	__u32 zero = 0, args;
	__u64 ids;
	long length;

	if (!probe_on(starts))
		return 0;
	start = bpf_map_lookup_elem(&probe_start_buffer, &zero);
	if (!start)
		return 0;

	start->time = bpf_ktime_get_ns();
	start->cgroup = bpf_get_current_cgroup_id();
	start->pid = BPF_CORE_READ(task, tgid);
	start->tid = old_pid;
	ids = bpf_get_current_uid_gid();
	start->uid = ids;
	start->gid = ids >> 32;
	start->euid = BPF_CORE_READ(task, cred, euid.val);
	start->argc = BPF_CORE_READ(bprm, argc);
	bpf_get_current_comm(start->comm, sizeof(start->comm));

	/* The thread that forked may be any of the parent's: name the process as ps does. */
	parent = BPF_CORE_READ(task, real_parent, group_leader);
	start->ppid = BPF_CORE_READ(parent, tgid);
	BPF_CORE_READ_INTO(&start->parent_comm, parent, comm);

	/* The buffer holds what the last exec left in it. */
	__builtin_memset(start->filename, 0, sizeof(start->filename));
	length = bpf_probe_read_kernel_str(start->filename, sizeof(start->filename),
					   BPF_CORE_READ(bprm, filename));
	start->filename_cut = length == sizeof(start->filename);

	args = read_args(start, task);
	if (args > ARGS_BYTES)
		args = ARGS_BYTES;
	probe_emit_bytes(starts, start, sizeof(*start) + args);
	return 0;
}

/*
 * Whether this is the first report of the process's end. When its last threads
 * end at the same time on different CPUs, each may find that none is left.
 */
static __always_inline _Bool once(struct task_struct *leader, __u32 pid)
{
	struct life life = {.start_time = BPF_CORE_READ(leader, start_time), .pid = pid};
	__u8 ended = 1;
	/* Before Linux 6.4 only the lower half of the result is set. */
	int err = bpf_map_update_elem(&probe_ended, &life, &ended, BPF_NOEXIST);

	return err != -EEXIST;
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct task_struct *leader;
	struct exit *exit;
	__u32 pid, code;
	__u64 ids;

	if (!probe_on(exits) || BPF_CORE_READ(signal, live.counter) != 0)
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	pid = BPF_CORE_READ(leader, tgid);
	if (!once(leader, pid))
		return 0;
	exit = probe_reserve(exits);
	if (!exit)
		return 0;

	__builtin_memset(exit, 0, sizeof(*exit));
	exit->time = bpf_ktime_get_ns();
	exit->cgroup = bpf_get_current_cgroup_id();
	exit->duration = exit->time - BPF_CORE_READ(leader, start_time);
	exit->pid = pid;
	exit->ppid = BPF_CORE_READ(leader, real_parent, tgid);
	ids = bpf_get_current_uid_gid();
	exit->uid = ids;
	exit->gid = ids >> 32;
	/* As wait(2) reports it: the group's code when the group was ended, else the leader's. */
	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		code = BPF_CORE_READ(signal, group_exit_code);
	else
		code = BPF_CORE_READ(leader, exit_code);
	exit->exit_code = (code >> 8) & 0xff;
	exit->signal = code & 0x7f;
	exit->core_dumped = (code & 0x80) != 0;
	BPF_CORE_READ_INTO(&exit->comm, leader, comm);
	probe_submit(exit);
	return 0;
}
