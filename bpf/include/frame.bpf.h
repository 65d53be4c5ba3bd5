/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/* The bytes of a frame, for XDP and TC alike. */
#ifndef FRAME_BPF_H
#define FRAME_BPF_H

#include "probe_types.bpf.h"

struct frame {
	void *ctx; /* struct xdp_md, or struct __sk_buff */
	_Bool xdp;
	_Bool details; /* whether anybody reads more of the event than protocol and size */
	__u32 length;
	void *data, *data_end; /* the linear part */
	__u32 payload;         /* set by the parser: where the transport header ends, or 0 */
};

/* Copies size bytes from offset at of the frame; 0, or -1 when the frame is shorter. */
static __always_inline int frame_copy(struct frame *f, __u32 at, void *to, const __u32 size)
{
	if (f->xdp)
		return bpf_xdp_load_bytes(f->ctx, at, to, size) ? -1 : 0;
	return bpf_skb_load_bytes(f->ctx, at, to, size) ? -1 : 0;
}

/* The same, faster for what nearly every packet has: no helper is called for what is in the linear part. */
static __always_inline int frame_load(struct frame *f, __u32 at, void *to, const __u32 size)
{
	void *from = f->data + (at & 0x7fff);

	if (at <= 0x7fff && from + size <= f->data_end) {
		__builtin_memcpy(__builtin_assume_aligned(to, 4), __builtin_assume_aligned(from, 4), size);
		return 0;
	}
	return frame_copy(f, at, to, size);
}

#endif
