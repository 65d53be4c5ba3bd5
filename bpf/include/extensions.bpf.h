/* SPDX-License-Identifier: MPL-2.0 OR GPL-2.0 */
/* The extension headers of IPv6. */
#ifndef EXTENSIONS_BPF_H
#define EXTENSIONS_BPF_H

#include "frame.bpf.h"
#include "headers.bpf.h"
#include "packet.bpf.h"

#define MAX_EXTENSIONS 8

static __always_inline _Bool is_extension(__u8 protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
	       protocol == PROTOCOL_AH || protocol == PROTOCOL_DESTINATION;
}

/* A walk along the extension headers of IPv6. */
struct walk {
	void *ctx;
	__u32 at;     /* of the header that next names */
	__u32 length; /* of what is left of the packet there */
	__u32 steps;
	__u8 next;
	enum packet_status status;
	_Bool done; /* next is known to be no extension, or status says why there is none */
};

/* Takes one header; 1 ends the walk. */
static __always_inline long walk_step(struct walk *w, _Bool xdp)
{
	struct frame f = {.ctx = w->ctx, .xdp = xdp};
	struct extension_header extension;
	__u32 size = 8;

	w->done = 1;
	if (w->length < sizeof(extension)) {
		w->status = malformed;
		return 1;
	}
	if (frame_copy(&f, w->at, &extension, sizeof(extension))) {
		w->status = truncated;
		return 1;
	}
	if (w->next == PROTOCOL_AH)
		size = (extension.length + 2) * 4;
	else if (w->next != PROTOCOL_FRAGMENT)
		size = (extension.length + 1) * 8;
	/* Hop-by-hop options must come first. */
	if (size > w->length || (w->next == PROTOCOL_HOP_BY_HOP && w->steps > 0)) {
		w->status = malformed;
		return 1;
	}
	if (w->next == PROTOCOL_FRAGMENT) {
		if (extension.fragment & bpf_htons(0xfff8))
			w->status = fragment;
		else if (extension.fragment & bpf_htons(1))
			w->status = first_fragment;
	}
	w->next = extension.next;
	w->at += size;
	w->length -= size;
	w->steps++;
	if (w->status == fragment || !is_extension(w->next))
		return 1;
	w->done = 0;
	return 0;
}

/* Two, so that the verifier knows in each which helper is called. */
static long walk_xdp(__u32 index, void *w)
{
	return walk_step(w, 1);
}

static long walk_skb(__u32 index, void *w)
{
	return walk_step(w, 0);
}

/*
 * Walks until the header that is no extension. By bpf_loop, because the verifier
 * follows every path of a plain loop: too many of them here.
 */
static __always_inline void walk_extensions(struct walk *w, _Bool xdp)
{
	bpf_loop(MAX_EXTENSIONS, xdp ? walk_xdp : walk_skb, w, 0);
	if (!w->done)
		w->status = malformed; /* more than any honest packet has */
}

#endif
