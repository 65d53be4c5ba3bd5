package object

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/probehost/probehost/host/internal/schema"
	"github.com/probehost/probehost/sdk/record"
)

// fields names the fields of a stream.
func fields(s *Stream) string {
	var names []string
	for i := range s.Schema.Fields {
		names = append(names, s.Schema.Fields[i].Name)
	}
	return strings.Join(names, " ")
}

func TestExampleStreams(t *testing.T) {
	const polled = "tick time key value"
	for _, tc := range []struct {
		file    string
		streams []string
		maps    map[string]string // the fields of each
	}{
		{"cgroup_skb/bpf_bpfel.o", nil, map[string]string{"pkt_count": polled}},
		{"fentry/bpf_bpfel.o", []string{"events"}, map[string]string{"events": "comm sport dport saddr daddr"}},
		{"kprobe/bpf_bpfel.o", nil, map[string]string{"kprobe_map": polled}},
		{"kprobe_percpu/bpf_bpfel.o", nil, map[string]string{"kprobe_map": polled}},
		{"kprobepin/bpf_bpfel.o", nil, map[string]string{"kprobe_map": polled}},
		{"ringbuffer/bpf_bpfel.o", []string{"events"}, map[string]string{"events": "pid comm"}},
		{"sched_ext/bpf_bpfel.o", nil, nil},
		{"tcprtt/bpf_bpfel.o", []string{"events"}, map[string]string{"events": "sport dport saddr daddr srtt"}},
		{"tcprtt_sockops/bpf_bpfel.o", []string{"rtt_events"}, map[string]string{
			"map_estab_sk": "tick time local_ip4 remote_ip4 local_port remote_port sk_key.local_ip4 sk_key.remote_ip4 sk_key.local_port sk_key.remote_port sk_type",
			"rtt_events":   "sport dport saddr daddr srtt"}},
		{"tcx/bpf_bpfel.o", nil, map[string]string{"bss": "tick time ingress_pkt_count egress_pkt_count"}},
		{"tracepoint_in_c/bpf_bpfel.o", nil, map[string]string{"counting_map": polled}},
		{"uretprobe/bpf_x86_bpfel.o", []string{"events"}, map[string]string{"events": "pid line"}},
		{"xdp/bpf_bpfel.o", nil, map[string]string{"xdp_stats_map": polled}},
		{"xdp_live_frame/bpf_bpfel.o", nil, nil},
	} {
		t.Run(tc.file, func(t *testing.T) {
			o := example(t, tc.file)
			if got := o.Streams(); !slices.Equal(got, tc.streams) {
				t.Errorf("streams %q, want %q", got, tc.streams)
			}
			if len(o.Maps()) != len(tc.maps) {
				t.Errorf("maps %q, want %d", o.Maps(), len(tc.maps))
			}
			for _, name := range o.Maps() {
				s, err := o.Stream(name, StreamOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got := fields(s); got != tc.maps[name] {
					t.Errorf("%s has %s, want %s", name, got, tc.maps[name])
				}
				if err := s.Schema.Validate(); err != nil {
					t.Error(err)
				}
				if s.Inferred {
					t.Errorf("%s: type %s is a guess", name, s.Type)
				}
			}
		})
	}
}

// The authors of these objects keep text in arrays of u8.
func TestTextOfExamples(t *testing.T) {
	for _, tc := range []struct{ file, field, record, text, hex string }{
		{"uretprobe/bpf_x86_bpfel.o", "line", "\x01\x00\x00\x00ls -l\x00", `"ls -l"`, `"6c73202d6c00"`},
		{"fentry/bpf_bpfel.o", "comm", "sshd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", `"sshd"`, `"73736864000000000000000000000000"`},
	} {
		t.Run(tc.file, func(t *testing.T) {
			for format, want := range map[record.Format]string{"": tc.text, record.Hex: tc.hex} {
				opt := StreamOptions{}
				if format != "" {
					opt.Formats = map[string]record.Format{tc.field: format}
				}
				s, err := example(t, tc.file).Stream("events", opt)
				if err != nil {
					t.Fatal(err)
				}
				f, _ := s.Schema.Lookup(tc.field)
				if got := string(f.AppendJSON(nil, []byte(tc.record), nil)); got != want {
					t.Errorf("in format %q: %s, want %s", format, got, want)
				}
			}
		})
	}
}

func TestStreams(t *testing.T) {
	o := open(t, "maps")
	const traffic = "tick time protocol packets bytes"
	for _, tc := range []struct {
		name   string
		opt    StreamOptions
		source Source
		typ    string
		fields string
	}{
		{"events", StreamOptions{}, Ring, "struct event", "time comm"},
		{"events", StreamOptions{Type: "traffic"}, Ring, "struct traffic", "packets bytes"},
		{"events", StreamOptions{Type: "struct traffic"}, Ring, "struct traffic", "packets bytes"},
		{"events", StreamOptions{Type: "ip_proto32"}, Ring, "ip_proto32", "value"},
		{"events", StreamOptions{Type: "protocol"}, Ring, "protocol", "protocol"},
		{"samples", StreamOptions{}, Perf, "struct event", "time comm"},
		{"hash", StreamOptions{}, Poll, "", traffic},
		{"lru_hash", StreamOptions{}, Poll, "", traffic},
		{"array", StreamOptions{}, Poll, "", traffic},
		{"percpu_hash", StreamOptions{}, Poll, "", traffic},
		{"percpu_hash", StreamOptions{PerCPU: "sum"}, Poll, "", traffic},
		{"lru_percpu_hash", StreamOptions{PerCPU: "list"}, Poll, "", "tick time protocol cpu packets bytes"},
		{"percpu_array", StreamOptions{PerCPU: "list"}, Poll, "", "tick time protocol cpu packets bytes"},
		{"untyped", StreamOptions{}, Poll, "", "tick time key value"},
		{"untyped", StreamOptions{Formats: map[string]record.Format{"key": record.IPv4, "value": schema.Text}}, Poll, "", "tick time key value"},
	} {
		t.Run(tc.name+" "+tc.opt.Type+tc.opt.PerCPU, func(t *testing.T) {
			s, err := o.Stream(tc.name, tc.opt)
			if err != nil {
				t.Fatal(err)
			}
			if s.Source != tc.source || s.Type != tc.typ || fields(s) != tc.fields || s.Inferred {
				t.Errorf("%s of %q, inferred %t: %s", s.Source, s.Type, s.Inferred, fields(s))
			}
			if err := s.Schema.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
	if got := strings.Join(o.Streams(), " "); got != "events samples" {
		t.Errorf("streams %s", got)
	}
	if got := strings.Join(o.Maps(), " "); got != "array events hash lru_hash lru_percpu_hash percpu_array percpu_hash samples untyped" {
		t.Errorf("maps %s", got)
	}
}

func TestStreamRefused(t *testing.T) {
	o := open(t, "maps")
	for _, tc := range []struct {
		name string
		opt  StreamOptions
		want string
	}{
		{"event", StreamOptions{}, `object maps has no map "event"; it has array, events`},
		{".rodata", StreamOptions{}, "has no map"},
		{"probe_state", StreamOptions{}, "has no map"},
		{"jumps", StreamOptions{}, `map "jumps" of object maps is of type ProgramArray, which is no source of records: supported are ring buffers`},
		{"events", StreamOptions{Type: "evnt"}, `stream "events": type: object maps has no struct "evnt"; it has event, traffic`},
		{"events", StreamOptions{Type: "a b c"}, `"a b c" is not the name of a type`},
		{"events", StreamOptions{PerCPU: "list"}, "it is a ring buffer"},
		{"events", StreamOptions{Formats: map[string]record.Format{"tine": record.Time}}, "there is no field tine; the fields are time, comm"},
		{"hash", StreamOptions{Type: "event"}, "it is a polled map"},
		{"hash", StreamOptions{PerCPU: "sum"}, "it is a map of type Hash"},
		{"percpu_hash", StreamOptions{PerCPU: "average"}, `per_cpu is "sum" or "list", not "average"`},
	} {
		t.Run(tc.name+" "+tc.opt.Type+tc.opt.PerCPU, func(t *testing.T) {
			_, err := o.Stream(tc.name, tc.opt)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not say %s", err, tc.want)
			}
		})
	}
}

func TestInference(t *testing.T) {
	for _, tc := range []struct {
		object   string
		typ      string
		have     []string // the candidates when the type cannot be told
		inferred bool
	}{
		{"kept", "struct event", nil, true},     // a variable points to it, though there are others
		{"leftover", "struct event", nil, true}, // the only one without another use
		{"oldperf", "struct event", nil, true},
		{"ambiguous", "", []string{"event", "other"}, false},
		{"tworings", "", []string{"event"}, false}, // which of the two?
		{"nothing", "", []string{"bpf_raw_tracepoint_args", "key", "settings", "task_struct"}, false},
	} {
		t.Run(tc.object, func(t *testing.T) {
			s, err := open(t, tc.object).Stream("events", StreamOptions{})
			if tc.have == nil {
				if err != nil {
					t.Fatal(err)
				}
				if s.Type != tc.typ || s.Inferred != tc.inferred || fields(s) != "pid comm" {
					t.Errorf("type %s, inferred %t, fields %s", s.Type, s.Inferred, fields(s))
				}
				return
			}
			var unknown *TypeUnknownError
			if !errors.As(err, &unknown) || !slices.Equal(unknown.Have, tc.have) {
				t.Fatalf("got %v, want candidates %s", err, tc.have)
			}
			if cure := `stream "events" { type = "` + tc.have[0] + `" }`; !strings.Contains(err.Error(), cure) {
				t.Errorf("error %v does not say %s", err, cure)
			}
			s, err = open(t, tc.object).Stream("events", StreamOptions{Type: tc.have[0]})
			if err != nil || s.Inferred {
				t.Errorf("named: %v", err)
			}
		})
	}
}
