package object

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cilium returns the folder of the module github.com/cilium/ebpf, whose examples hold objects that we had no hand in.
func cilium(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cilium/ebpf").Output()
	if err != nil {
		t.Skipf("no go command to find the module of cilium/ebpf: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func example(t testing.TB, file string) *Object {
	t.Helper()
	elf, err := os.ReadFile(filepath.Join(cilium(t), "examples", file))
	if err != nil {
		t.Skipf("the module of cilium/ebpf comes without its examples: %v", err)
	}
	o, err := Open(file, elf)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestExamplePrograms(t *testing.T) {
	for _, tc := range []struct {
		file, program string
		hook          Hook
		target        string
		auto          bool
		needs         string
	}{
		{"cgroup_skb/bpf_bpfel.o", "count_egress_packets", Cgroup, "egress", false, "cgroup"},
		{"fentry/bpf_bpfel.o", "tcp_connect", Fentry, "tcp_connect", true, ""},
		{"kprobe/bpf_bpfel.o", "kprobe_execve", Kprobe, "sys_execve", true, ""},
		{"kprobe_percpu/bpf_bpfel.o", "kprobe_execve", Kprobe, "sys_execve", true, ""},
		{"kprobepin/bpf_bpfel.o", "kprobe_execve", Kprobe, "sys_execve", true, ""},
		{"ringbuffer/bpf_bpfel.o", "kprobe_execve", Kprobe, "sys_execve", true, ""},
		{"tcprtt/bpf_bpfel.o", "tcp_close", Fentry, "tcp_close", true, ""},
		{"tcprtt_sockops/bpf_bpfel.o", "bpf_sockops_cb", SockOps, "", false, "cgroup"},
		{"tcx/bpf_bpfel.o", "egress_prog_func", TC, "", false, `interface, and target "ingress" or "egress"`},
		{"tracepoint_in_c/bpf_bpfel.o", "mm_page_alloc", Tracepoint, "kmem/mm_page_alloc", true, ""},
		{"uretprobe/bpf_x86_bpfel.o", "uretprobe_bash_readline", Uretprobe, "bash_readline", false, "binary and symbol"},
		{"xdp/bpf_bpfel.o", "xdp_prog_func", XDP, "", false, "interface"},
		{"xdp_live_frame/bpf_bpfel.o", "xdp_prog_tx", XDP, "", false, "interface"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			p, err := example(t, tc.file).Program(tc.program)
			if err != nil {
				t.Fatal(err)
			}
			if p.Hook != tc.hook || p.Target != tc.target || p.Auto != tc.auto || p.Needs != tc.needs || p.Unsupported != "" {
				t.Errorf("got %+v", *p)
			}
		})
	}
}
