/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/*
 * Log lines that arrive in the host's log with the program's name and a level:
 *
 *	probe_warn("socket %llx has no owner", (__u64)sk);
 *
 * The level is constant to the verifier, which removes the lines that are off.
 * The kernel formats the text: %d %i %u %x %X %l* %ll* %c %s %p %pI4 %pI6 and
 * %pks %pus, twelve arguments at most. A line longer than the text is cut.
 * Define PROBE_NO_LOGS before probe.bpf.h to leave all of this out.
 */
#ifndef PROBE_LOG_BPF_H
#define PROBE_LOG_BPF_H

#ifndef PROBE_LOG_BYTES
#define PROBE_LOG_BYTES (64 * 1024)
#endif
#define PROBE_LOG_TEXT 240

enum { PROBE_LOG_OFF, PROBE_LOG_ERROR, PROBE_LOG_WARN, PROBE_LOG_INFO, PROBE_LOG_DEBUG };

struct probe_log {
	ktime_ns time;
	__u32 level;
	__u32 program;
	char text[PROBE_LOG_TEXT]; /* ends with NUL */
};

const volatile __u32 probe_log_level = PROBE_LOG_INFO;
PROBE_RING(probe_logs, struct probe_log, PROBE_LOG_BYTES);

/*
 * The host replaces this constant, in each program's own copy of the
 * instructions, by the program's index: "probe_id" in ASCII. Assembly, so that
 * the compiler keeps the 64-bit load as it is.
 */
static __always_inline __u32 probe_program(void)
{
	__u64 id;

	asm volatile("%0 = 0x70726f62655f6964 ll" : "=r"(id));
	return id;
}

/* Declared and never called: it lets clang check formats against arguments. */
int probe_log_check(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define probe_log(severity, fmt, args...)                                       \
	({                                                                      \
		(void)sizeof(probe_log_check(fmt, ##args));                     \
		if (probe_log_level >= (severity)) {                            \
			struct probe_log *___line = probe_reserve(probe_logs);  \
			if (___line) {                                          \
				___line->time = bpf_ktime_get_ns();             \
				___line->level = (severity);                    \
				___line->program = probe_program();             \
				BPF_SNPRINTF(___line->text, PROBE_LOG_TEXT, fmt, ##args); \
				probe_submit(___line);                          \
			}                                                       \
		}                                                               \
	})
#define probe_error(fmt, args...) probe_log(PROBE_LOG_ERROR, fmt, ##args)
#define probe_warn(fmt, args...) probe_log(PROBE_LOG_WARN, fmt, ##args)
#define probe_info(fmt, args...) probe_log(PROBE_LOG_INFO, fmt, ##args)
#define probe_debug(fmt, args...) probe_log(PROBE_LOG_DEBUG, fmt, ##args)

#endif
