package object

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
)

func TestSections(t *testing.T) {
	o := open(t, "maps")
	const direction = `interface, and target "ingress" or "egress"`
	for _, tc := range []struct {
		name   string
		kind   ebpf.ProgramType
		hook   Hook
		target string
		needs  string // empty: attaches by itself
	}{
		{"xdp_plain", ebpf.XDP, XDP, "", "interface"},
		{"xdp_frags", ebpf.XDP, XDP, "", "interface"},
		{"xdp_loose", ebpf.XDP, XDP, "", "interface"},
		{"tcx_in", ebpf.SchedCLS, TCIngress, "", "interface"},
		{"tc_out", ebpf.SchedCLS, TCEgress, "", "interface"},
		{"tc_open", ebpf.SchedCLS, TC, "", direction},
		{"tp_named", ebpf.TracePoint, Tracepoint, "sched/sched_switch", ""},
		{"tp_open", ebpf.TracePoint, Tracepoint, "", "target: category/name"},
		{"raw_named", ebpf.RawTracepoint, RawTracepoint, "sched_switch", ""},
		{"raw_open", ebpf.RawTracepoint, RawTracepoint, "", "target: a tracepoint's name"},
		{"btf_named", ebpf.Tracing, BTFTracepoint, "sched_switch", ""},
		{"fentry_named", ebpf.Tracing, Fentry, "do_exit", ""},
		{"fexit_named", ebpf.Tracing, Fexit, "do_exit", ""},
		{"kprobe_named", ebpf.Kprobe, Kprobe, "do_exit", ""},
		{"kprobe_open", ebpf.Kprobe, Kprobe, "", "target: a kernel function"},
		{"kretprobe_pattern", ebpf.Kprobe, KretprobeMulti, "tcp_*", ""},
		{"syscall_named", ebpf.Kprobe, Ksyscall, "openat", ""},
		{"uprobe_named", ebpf.Kprobe, Uprobe, "/bin/bash:readline", ""},
		{"uprobe_open", ebpf.Kprobe, Uretprobe, "readline", "binary and symbol"},
		{"lsm_named", ebpf.LSM, LSM, "file_open", ""},
		{"socket_filter", ebpf.SocketFilter, SocketFilter, "", "interface"},
		{"perf_open", ebpf.PerfEvent, PerfEvent, "", "event, and frequency or period"},
		{"sockops_open", ebpf.SockOps, SockOps, "", "cgroup"},
		{"cgroup_in", ebpf.CGroupSKB, Cgroup, "ingress", "cgroup"},
		{"cgroup_open", ebpf.CGroupSKB, Cgroup, "", `cgroup, and target "ingress" or "egress"`},
		{"cgroup_connect", ebpf.CGroupSockAddr, Cgroup, "connect4", "cgroup"},
		{"not_by_default", ebpf.Kprobe, Kprobe, "do_exit", "an attach block, even an empty one (its section begins with ?)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := o.Program(tc.name)
			if err != nil {
				t.Fatal(err)
			}
			if p.Type != tc.kind || p.Hook != tc.hook || p.Target != tc.target || p.Needs != tc.needs || p.Auto != (tc.needs == "") || p.Unsupported != "" {
				t.Errorf("got %+v", *p)
			}
		})
	}
	for _, name := range []string{"xdp_devmap", "iterator", "operations"} {
		t.Run(name, func(t *testing.T) {
			p, err := o.Program(name)
			if err != nil {
				t.Fatal(err)
			}
			if p.Unsupported == "" || p.Auto || p.Hook != NoHook {
				t.Errorf("got %+v", *p)
			}
		})
	}
	sorted := slices.IsSortedFunc(o.Programs(), func(a, b Program) int { return strings.Compare(a.Name, b.Name) })
	if len(o.Programs()) != 30 || !sorted {
		t.Errorf("%d programs, sorted: %t", len(o.Programs()), sorted)
	}
}

func TestUnknownProgram(t *testing.T) {
	_, err := open(t, "leftover").Program("on_exit")
	var missing *NotFoundError
	if !errors.As(err, &missing) || !errors.Is(err, os.ErrNotExist) || !slices.Equal(missing.Have, []string{"on_exec"}) {
		t.Errorf("got %v", err)
	}
}
