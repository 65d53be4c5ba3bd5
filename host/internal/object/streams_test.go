package object

import (
	"slices"
	"testing"
)

func TestExampleStreams(t *testing.T) {
	for _, tc := range []struct {
		file    string
		streams []string
		maps    []string
	}{
		{"cgroup_skb/bpf_bpfel.o", nil, []string{"pkt_count"}},
		{"fentry/bpf_bpfel.o", []string{"events"}, []string{"events"}},
		{"kprobe/bpf_bpfel.o", nil, []string{"kprobe_map"}},
		{"kprobe_percpu/bpf_bpfel.o", nil, []string{"kprobe_map"}},
		{"kprobepin/bpf_bpfel.o", nil, []string{"kprobe_map"}},
		{"ringbuffer/bpf_bpfel.o", []string{"events"}, []string{"events"}},
		{"sched_ext/bpf_bpfel.o", nil, nil},
		{"tcprtt/bpf_bpfel.o", []string{"events"}, []string{"events"}},
		{"tcprtt_sockops/bpf_bpfel.o", []string{"rtt_events"}, []string{"map_estab_sk", "rtt_events"}},
		{"tcx/bpf_bpfel.o", nil, nil},
		{"tracepoint_in_c/bpf_bpfel.o", nil, []string{"counting_map"}},
		{"uretprobe/bpf_x86_bpfel.o", []string{"events"}, []string{"events"}},
		{"xdp/bpf_bpfel.o", nil, []string{"xdp_stats_map"}},
		{"xdp_live_frame/bpf_bpfel.o", nil, nil},
	} {
		t.Run(tc.file, func(t *testing.T) {
			o := example(t, tc.file)
			if got := o.Streams(); !slices.Equal(got, tc.streams) {
				t.Errorf("streams %q, want %q", got, tc.streams)
			}
			if got := o.Maps(); !slices.Equal(got, tc.maps) {
				t.Errorf("maps %q, want %q", got, tc.maps)
			}
			for _, name := range o.Maps() {
				s, err := o.Stream(name, StreamOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Schema.Validate(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
