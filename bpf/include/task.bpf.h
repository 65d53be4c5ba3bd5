/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/*
 * The few kernel types that describe a process. CO-RE finds each field's real
 * place at load, so only the names and types used are declared.
 */
#ifndef TASK_BPF_H
#define TASK_BPF_H

#include "probe_types.bpf.h"
#include <bpf/bpf_core_read.h>

#define TASK_COMM_LEN 16
#define SIGNAL_GROUP_EXIT 0x4 /* signal_struct.flags: group_exit_code is the process's */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct signal_struct {
	atomic_t live; /* threads that have not ended */
	unsigned int flags;
	int group_exit_code;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct linux_binprm {
	int argc;
	const char *filename;
};

struct task_struct {
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_time; /* CLOCK_MONOTONIC, nanoseconds */
	const struct cred *cred;
	char comm[TASK_COMM_LEN];
	struct signal_struct *signal;
};

#pragma clang attribute pop

#endif
