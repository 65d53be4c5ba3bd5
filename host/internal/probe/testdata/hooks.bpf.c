// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * A program for each kind of hook. Each says that it ran. None names its
 * target, so that a test attaches the one that it is about.
 */
#define PROBE_NO_LOGS
#include "probe.bpf.h"

char _license[] SEC("license") = "Dual MPL/GPL";

struct ran {
	ktime_ns time;
	__u32 hook;
	__u32 pid;
};

PROBE_RING(runs, struct ran, 64 * 1024);

static __always_inline int say(__u32 hook)
{
	struct ran *ran = probe_reserve(runs);

	if (ran) {
		ran->time = bpf_ktime_get_ns();
		ran->hook = hook;
		ran->pid = 0;
		probe_submit(ran);
	}
	return 0;
}

/* Where a program runs in the process that caused it. */
static __always_inline int say_pid(__u32 hook)
{
	struct ran *ran = probe_reserve(runs);

	if (ran) {
		ran->time = bpf_ktime_get_ns();
		ran->hook = hook;
		ran->pid = bpf_get_current_pid_tgid() >> 32;
		probe_submit(ran);
	}
	return 0;
}

#define HOOK(name, section, number, body, result) \
	SEC(section) int name(void *ctx)          \
	{                                         \
		body(number);                     \
		return result;                    \
	}

/* Network: all packets pass. */
HOOK(on_xdp, "xdp", 1, say, XDP_PASS)
HOOK(on_tc, "tc", 2, say, -1)
HOOK(on_tcx_ingress, "tcx/ingress", 3, say, -1)
HOOK(on_tcx_egress, "tcx/egress", 4, say, -1)
HOOK(on_socket, "socket", 5, say, 0)
HOOK(on_cgroup_skb, "cgroup/skb", 6, say, 1)
HOOK(on_cgroup_skb_egress, "cgroup_skb/egress", 7, say, 1)
HOOK(on_cgroup_connect4, "cgroup/connect4", 8, say_pid, 1)
HOOK(on_cgroup_sock, "cgroup/sock_create", 9, say_pid, 1)
HOOK(on_sockops, "sockops", 10, say, 1)
HOOK(on_cgroup_sysctl, "cgroup/sysctl", 11, say, 1)
HOOK(on_cgroup_device, "cgroup/dev", 12, say, 1)
HOOK(on_cgroup_setsockopt, "cgroup/setsockopt", 13, say, 1)
HOOK(on_cgroup_getsockopt, "cgroup/getsockopt", 14, say, 1)
HOOK(on_cgroup_bind4, "cgroup/bind4", 15, say, 1)
HOOK(on_cgroup_sendmsg4, "cgroup/sendmsg4", 16, say, 1)
HOOK(on_cgroup_sock_release, "cgroup/sock_release", 17, say, 1)

/* Tracing. */
HOOK(on_tracepoint, "tracepoint", 20, say_pid, 0)
HOOK(on_raw_tracepoint, "raw_tp", 21, say_pid, 0)
HOOK(on_btf_tracepoint, "tp_btf", 22, say_pid, 0)
HOOK(on_fentry, "fentry", 23, say_pid, 0)
HOOK(on_fexit, "fexit", 24, say_pid, 0)
HOOK(on_fmod_ret, "fmod_ret", 25, say_pid, 0)
HOOK(on_kprobe, "kprobe", 26, say_pid, 0)
HOOK(on_kretprobe, "kretprobe", 27, say_pid, 0)
HOOK(on_kprobe_multi, "kprobe.multi", 28, say_pid, 0)
HOOK(on_kretprobe_multi, "kretprobe.multi", 29, say_pid, 0)
HOOK(on_ksyscall, "ksyscall", 30, say_pid, 0)
HOOK(on_kretsyscall, "kretsyscall", 31, say_pid, 0)
HOOK(on_uprobe, "uprobe", 32, say_pid, 0)
HOOK(on_uretprobe, "uretprobe", 33, say_pid, 0)
HOOK(on_lsm, "lsm", 34, say_pid, 0)
HOOK(on_perf_event, "perf_event", 35, say_pid, 0)

/* Not supported: tests ask for it. */
HOOK(on_sk_lookup, "sk_lookup", 40, say, 1)
