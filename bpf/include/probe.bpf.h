/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/*
 * What a BPF object says to probehost, in C.
 *
 * Everything here is optional: probehost runs any object. An object that uses
 * this header gets its losses counted, its unused streams removed by the
 * verifier, its fields shown by name and its log lines in the host's log.
 *
 * Needs clang, libbpf's BPF headers and linux/bpf.h, or a vmlinux.h included
 * first. Linux 5.8 for rings, 5.13 for log lines. README.md has an example.
 */
#ifndef PROBE_BPF_H
#define PROBE_BPF_H

#include "probe_types.bpf.h"

/*
 * PROBE_SWITCH(stream) declares the switch of a stream: the host turns it off
 * before loading when nobody wants the stream. It is constant to the verifier,
 * which removes what probe_on(stream) guards. Rings and perf arrays have one
 * already; declare it for maps that the host polls.
 */
#define PROBE_SWITCH(stream) const volatile _Bool stream##_on = 1

/* probe_on(stream) is whether anybody wants the records of stream. */
#define probe_on(stream) (stream##_on)

/*
 * PROBE_RING(stream, struct event, bytes) declares a ring buffer of events:
 * `bytes` is a power of two and a multiple of the page size (64 KiB suits
 * every machine).
 */
#define PROBE_RING(stream, record, bytes)               \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_RINGBUF);     \
		__uint(max_entries, bytes);             \
		__type(value, record);                  \
	} stream SEC(".maps");                          \
	PROBE_LOST(stream);                             \
	PROBE_SWITCH(stream)

/* PROBE_PERF(stream, struct event) declares a perf event array: one buffer per CPU, sized by the host. */
#define PROBE_PERF(stream, record)                          \
	struct {                                            \
		__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); \
		__type(value, record);                      \
	} stream SEC(".maps");                              \
	PROBE_LOST(stream);                                 \
	PROBE_SWITCH(stream)

/* PROBE_LOST(stream) declares the counter of records that did not fit; the two above bring it. */
#define PROBE_LOST(stream)                              \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, 1);                 \
		__type(key, __u32);                     \
		__type(value, __u64);                   \
	} stream##_lost SEC(".maps")

/* probe_count adds one to entry 0 of a per-CPU array of __u64. Atomic: programs may interrupt each other on a CPU. */
static __always_inline void probe_count(void *map)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(map, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/*
 * probe_reserve(stream) is a pointer to a new record in the ring, or NULL: the
 * stream is off, or the ring is full and the loss has been counted. Fill every
 * byte, then probe_submit or probe_discard it.
 */
#define probe_reserve(stream)                                                      \
	({                                                                         \
		typeof((stream).value) ___record = 0;                              \
		if (probe_on(stream)) {                                            \
			___record = bpf_ringbuf_reserve(&(stream), sizeof(*___record), 0); \
			if (!___record)                                            \
				probe_count(&stream##_lost);                       \
		}                                                                  \
		___record;                                                         \
	})
#define probe_submit(record) bpf_ringbuf_submit(record, 0)
#define probe_discard(record) bpf_ringbuf_discard(record, 0)

/*
 * probe_emit(stream, &event) copies one record into the ring.
 * probe_emit_bytes(stream, data, size) copies a record that ends in an array
 * of variable length. Both are 0, or a negative errno when the record was lost
 * (and counted); 0 when the stream is off.
 */
#define probe_emit(stream, record)                                                             \
	({                                                                                     \
		_Static_assert(__builtin_types_compatible_p(typeof(*(record)), typeof(*(stream).value)), \
			       "the record's type is not that of the stream");                 \
		probe_emit_bytes(stream, record, sizeof(*(record)));                           \
	})
#define probe_emit_bytes(stream, data, size)                                       \
	({                                                                         \
		long ___err = 0;                                                   \
		if (probe_on(stream)) {                                            \
			___err = bpf_ringbuf_output(&(stream), data, size, 0);     \
			if (___err)                                                \
				probe_count(&stream##_lost);                       \
		}                                                                  \
		___err;                                                            \
	})

/* probe_emit_perf(ctx, stream, &event) is probe_emit for a perf event array; ctx is the program's context. */
#define probe_emit_perf(ctx, stream, record)                                                   \
	({                                                                                     \
		long ___err = 0;                                                               \
		_Static_assert(__builtin_types_compatible_p(typeof(*(record)), typeof(*(stream).value)), \
			       "the record's type is not that of the stream");                 \
		if (probe_on(stream)) {                                                        \
			___err = bpf_perf_event_output(ctx, &(stream), BPF_F_CURRENT_CPU,      \
						       record, sizeof(*(record)));             \
			if (___err)                                                            \
				probe_count(&stream##_lost);                                   \
		}                                                                              \
		___err;                                                                        \
	})

#ifndef PROBE_NO_LOGS
#include "probe_log.bpf.h"
#endif

#endif
