//go:build ignore

// SPDX-License-Identifier: MPL-2.0 OR GPL-2.0
/*
 * Packets of a network interface: counted by protocol, and one event for each.
 *
 * An interface takes one XDP program, so one program does both; what nobody
 * wants is switched off before loading and removed by the verifier. Packets
 * are only looked at: every program passes all of them on.
 *
 * A packet whose protocol cannot be known counts as one of the categories
 * above 255: ARP, not IP, truncated, malformed.
 */
#include "probe.bpf.h"
#include "parse.bpf.h"

#define CONTINUE (-1) /* TC_ACT_UNSPEC and TCX_NEXT: on to the next program, or pass */

char _license[] SEC("license") = "Dual MPL/GPL";

struct traffic {
	__u64 packets;
	byte_count bytes;
};

typedef ip_proto32 protocol;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBE_PROTO_COUNT);
	__type(key, protocol);
	__type(value, struct traffic);
} protocols SEC(".maps");
PROBE_SWITCH(protocols);

PROBE_RING(packets, struct packet, 1024 * 1024);

/* Counts and emits a packet that has been parsed. */
static __always_inline void record(struct packet *p)
{
	struct traffic *traffic;
	struct packet *event;
	__u32 key;

	if (p->status == truncated) {
		p->protocol = PROBE_PROTO_TRUNCATED;
		probe_debug("truncated packet of %u bytes on interface %u", p->size, p->interface);
	} else if (p->status == malformed) {
		p->protocol = PROBE_PROTO_MALFORMED;
		probe_debug("malformed packet of %u bytes on interface %u", p->size, p->interface);
	}

	if (probe_on(protocols)) {
		key = p->protocol;
		traffic = bpf_map_lookup_elem(&protocols, &key);
		/* The slot is this CPU's, and packets do not interrupt one another: no atomics. */
		if (traffic) {
			traffic->packets += p->segments;
			traffic->bytes += p->size;
		}
	}
	event = probe_reserve(packets);
	if (event) {
		p->time = bpf_ktime_get_ns();
		*event = *p;
		probe_submit(event);
	}
}

/* "frags": also takes frames of more than one buffer, so that drivers attach it at any MTU. */
SEC("xdp.frags")
int count_packets(struct xdp_md *ctx)
{
	struct frame f = {.ctx = ctx, .xdp = 1, .details = probe_on(packets)};
	struct packet p = {.direction = ingress, .segments = 1};

	if (!probe_on(protocols) && !probe_on(packets))
		return XDP_PASS;
	f.data = (void *)(long)ctx->data;
	f.data_end = (void *)(long)ctx->data_end;
	f.length = bpf_xdp_get_buff_len(ctx);
	p.interface = ctx->ingress_ifindex;
	p.size = f.length;
	p.status = parse_frame(&f, &p, 1, 0);
	record(&p);
	return XDP_PASS;
}

/*
 * Whether the frame begins with its network header: devices such as tun and
 * WireGuard have no Ethernet header. It does when the last byte of the linear
 * part can be reached by its offset from the network header.
 */
static __always_inline _Bool bare(struct __sk_buff *skb)
{
	__u32 linear = (void *)(long)skb->data_end - (void *)(long)skb->data;
	__u8 byte;

	asm volatile("" : "+r"(linear)); /* else clang negates a packet pointer, which the verifier forbids */
	return bpf_skb_load_bytes_relative(skb, linear - 1, &byte, sizeof(byte), BPF_HDR_START_NET) == 0;
}

/*
 * How many packets on the wire the kernel made this one of (GRO), or will make
 * of it (GSO). A guest need not say how many: then it follows from the sizes.
 */
static __always_inline __u32 wire_packets(struct __sk_buff *skb, const struct frame *f)
{
	__u32 size = skb->gso_size, packets = skb->gso_segs;

	if (size == 0)
		return 1;
	if (packets == 0 && f->payload > 0 && f->payload < f->length)
		packets = (f->length - f->payload + size - 1) / size;
	if (packets > 0xffff)
		packets = 0xffff;
	return packets ? packets : 1;
}

/* How many bytes they take: every packet but the first repeats the headers. */
static __always_inline __u32 wire_bytes(struct __sk_buff *skb, const struct frame *f, const struct packet *p)
{
	/* On the way out, the kernel has counted, and knows the inner headers of tunnels. */
	if (p->direction == egress && skb->wire_len > f->length)
		return skb->wire_len;
	return f->length + (p->segments - 1) * f->payload;
}

static __always_inline int count_skb(struct __sk_buff *skb, enum direction direction)
{
	struct frame f = {.ctx = skb, .details = probe_on(packets)};
	struct packet p = {.direction = direction};
	__u32 tags = 0;
	_Bool ethernet;

	if (!probe_on(protocols) && !probe_on(packets))
		return CONTINUE;
	f.data = (void *)(long)skb->data;
	f.data_end = (void *)(long)skb->data_end;
	f.length = skb->len;
	p.interface = skb->ifindex;
	/* The outermost tag is mostly beside the frame, not in it. */
	if (skb->vlan_present)
		note_vlan(&p, tags++, skb->vlan_tci);
	ethernet = !bare(skb);
	if (!ethernet)
		p.ethertype = bpf_ntohs(skb->protocol);
	p.status = parse_frame(&f, &p, ethernet, tags);
	p.segments = wire_packets(skb, &f);
	p.size = wire_bytes(skb, &f, &p);
	if (skb->vlan_present)
		p.size += p.segments * sizeof(struct vlan_tag);
	record(&p);
	return CONTINUE;
}

SEC("tcx/ingress")
int count_ingress(struct __sk_buff *skb)
{
	return count_skb(skb, ingress);
}

SEC("tcx/egress")
int count_egress(struct __sk_buff *skb)
{
	return count_skb(skb, egress);
}
