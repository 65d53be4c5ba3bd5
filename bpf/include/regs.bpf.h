/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/* The registers that a kprobe sees: as many as hold what is read here. */
#ifndef REGS_BPF_H
#define REGS_BPF_H

#include "probe_types.bpf.h"

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long di;
#elif defined(__TARGET_ARCH_arm64)
	__u64 regs[31];
#else
#error "regs.bpf.h knows x86 and arm64: define __TARGET_ARCH_x86 or __TARGET_ARCH_arm64"
#endif
} __attribute__((preserve_access_index));

/* The probed function's first argument. */
static __always_inline __u64 regs_arg1(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->di;
#else
	return regs->regs[0];
#endif
}

#endif
