package probe

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/sdk/record"
)

// exampleTest runs one of the objects that come with github.com/cilium/ebpf, which know nothing of probehost.
type exampleTest struct {
	file    string
	attach  []Attach
	stream  string
	cause   func(t testing.TB) int
	network bool                                 // in a network of its own
	event   func(e map[string]any, pid int) bool // what one of its events has to be, decoded
}

func (tt exampleTest) run(t *testing.T) {
	needRoot(t)
	elf, err := os.ReadFile(filepath.Join(examplesDir(t), tt.file))
	if err != nil {
		t.Skip("needs the examples in the module cache: ", err)
	}
	if tt.network {
		ownNetwork(t)
	}
	o, err := object.Open(tt.file, elf)
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, Spec{Name: "example", Object: o, Attach: tt.attach, Streams: streamsOf(t, o, tt.stream)})
	if err := p.Attach(); err != nil {
		t.Fatal(err)
	}
	s := p.Streams()[0]
	r := read(t, s)
	pid := tt.cause(t)
	r.await(t, "event", func(rec []byte) bool {
		var e map[string]any
		text := s.Schema().AppendJSON(nil, rec, &record.Clock{})
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return tt.event(e, pid)
	})
}

func examplesDir(t testing.TB) string {
	t.Helper()
	const inKernels = "testdata/examples" // .ci/kernels puts them there
	if _, err := os.Stat(inKernels); err == nil {
		return inKernels
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cilium/ebpf").Output()
	if err != nil {
		t.Skip("needs the go command to find the module cache: ", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "examples")
}

// counted is the event of a map that counts.
func counted(e map[string]any, _ int) bool {
	n, ok := e["value"].(float64)
	return ok && n > 0
}

// countedBothWays is the event of global variables that count.
func countedBothWays(e map[string]any, _ int) bool {
	in, out := e["ingress_pkt_count"], e["egress_pkt_count"]
	return in != 0.0 && in == out
}

func isComm(e map[string]any, pid int) bool {
	return e["pid"] == float64(pid) && e["comm"] != ""
}

func TestExamples(t *testing.T) {
	for name, tt := range map[string]exampleTest{
		"cgroup_skb": {file: "cgroup_skb/bpf_bpfel.o", stream: "pkt_count", cause: sendPacket, event: counted,
			attach: []Attach{{Program: "count_egress_packets"}}},
		"tracepoint_in_c": {file: "tracepoint_in_c/bpf_bpfel.o", stream: "counting_map", cause: startProcess, event: counted},
		"xdp": {file: "xdp/bpf_bpfel.o", stream: "xdp_stats_map", cause: sendPacket, network: true, event: counted,
			attach: []Attach{{Program: "xdp_prog_func", Interface: "lo"}}},
		"tcx": {file: "tcx/bpf_bpfel.o", stream: "bss", cause: sendPacket, network: true, event: countedBothWays, attach: []Attach{
			{Program: "ingress_prog_func", Interface: "lo", Target: "ingress"}, {Program: "egress_prog_func", Interface: "lo", Target: "egress"}}},
		"tcprtt_sockops": {file: "tcprtt_sockops/bpf_bpfel.o", stream: "rtt_events", cause: exchange,
			attach: []Attach{{Program: "bpf_sockops_cb"}},
			event:  func(e map[string]any, port int) bool { return e["dport"] == float64(port) }},
		"uretprobe": {file: "uretprobe/bpf_x86_bpfel.o", stream: "events", cause: typeIntoBash,
			attach: []Attach{{Program: "uretprobe_bash_readline", Binary: "/bin/bash", Symbol: "readline"}},
			event:  func(e map[string]any, pid int) bool { return e["line"] == typed && e["pid"] == float64(pid) }},
	} {
		t.Run(name, tt.run)
	}
}

// TestExamplesOfOtherKernels runs those that attach to kernel functions.
func TestExamplesOfOtherKernels(t *testing.T) {
	if findPMU("kprobe") == "" || !haveFentry(t) {
		t.Skip("needs a kernel with kprobes and fentry")
	}
	for name, tt := range map[string]exampleTest{
		"kprobe":        {file: "kprobe/bpf_bpfel.o", stream: "kprobe_map", cause: startProcess, event: counted},
		"kprobe_percpu": {file: "kprobe_percpu/bpf_bpfel.o", stream: "kprobe_map", cause: startProcess, event: counted},
		"kprobepin":     {file: "kprobepin/bpf_bpfel.o", stream: "kprobe_map", cause: startProcess, event: counted},
		"ringbuffer":    {file: "ringbuffer/bpf_bpfel.o", stream: "events", cause: startProcess, event: isComm},
		"fentry": {file: "fentry/bpf_bpfel.o", stream: "events", cause: exchange,
			event: func(e map[string]any, port int) bool {
				return e["dport"] == float64(port>>8|port&255<<8) || e["dport"] == float64(port)
			}},
		"tcprtt": {file: "tcprtt/bpf_bpfel.o", stream: "events", cause: exchange,
			event: func(e map[string]any, _ int) bool { return e["srtt"] != nil }},
	} {
		t.Run(name, tt.run)
	}
}

// exchange sends data over a TCP connection, and returns the port that it went to.
func exchange(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var p [5]byte
	for range 20 {
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(p[:]); err != nil {
			t.Fatal(err)
		}
	}
	return l.Addr().(*net.TCPAddr).Port
}
