package probe

import (
	"encoding/binary"
	"strings"
	"testing"
)

// hookTest attaches one program of testdata/hooks.bpf.c, makes it run, and expects to hear of it.
type hookTest struct {
	attach  Attach
	hook    uint32 // its number in hooks.bpf.c
	cause   func(testing.TB) int
	anyPid  bool   // the program does not always run in the process that caused it
	link    string // the type of the link, if it is not the section
	target  string // of the link, if it is not the attribute
	note    string // in the note
	network bool   // in a network of its own
}

func (tt hookTest) run(t *testing.T) {
	needRoot(t)
	if tt.network {
		ownNetwork(t)
	}
	o := open(t, "hooks")
	p := load(t, Spec{Name: "hooks", Object: o, Attach: []Attach{tt.attach}, Streams: streamsOf(t, o)})
	if err := p.Attach(); err != nil {
		t.Fatal(err)
	}
	links := p.Links()
	if len(links) != 1 || links[0].Program != tt.attach.Program || links[0].Target != tt.target || !strings.Contains(links[0].Note, tt.note) {
		t.Errorf("links are %+v", links)
	}
	if tt.link != "" && links[0].Type != tt.link {
		t.Errorf("the link is a %s, want %s", links[0].Type, tt.link)
	}
	r := read(t, p.Streams()[0])
	pid := tt.cause(t)
	r.await(t, "record of the program", func(rec []byte) bool {
		return binary.LittleEndian.Uint32(rec[8:]) == tt.hook && (pid == 0 || tt.anyPid || int(binary.LittleEndian.Uint32(rec[12:])) == pid)
	})
	if err := p.Detach(); err != nil {
		t.Error("detach:", err)
	}
	if len(p.Links()) != 0 {
		t.Errorf("after Detach there are links: %+v", p.Links())
	}
	if tt.network && clsactQdiscs(t) != 0 {
		t.Error("after Detach there is a qdisc")
	}
	before := len(r.finish(t))
	tt.cause(t)
	if s := p.Streams()[0].Stats(); s.Read != uint64(before) || s.Lost != 0 || !s.LostKnown {
		t.Errorf("stats are %+v after %d records", s, before)
	}
}

func TestNetworkHooks(t *testing.T) {
	for name, tt := range map[string]hookTest{
		"xdp auto":     {attach: Attach{Program: "on_xdp", Interface: "lo"}, hook: 1, target: "lo", note: "generic mode, slower than native, which lo refused"},
		"xdp generic":  {attach: Attach{Program: "on_xdp", Interface: "lo", Mode: "generic"}, hook: 1, target: "lo", note: "generic mode"},
		"tc ingress":   {attach: Attach{Program: "on_tc", Interface: "lo", Target: "ingress"}, hook: 2, target: "lo"},
		"tc egress":    {attach: Attach{Program: "on_tc", Interface: "lo", Target: "egress"}, hook: 2, target: "lo"},
		"tcx/ingress":  {attach: Attach{Program: "on_tcx_ingress", Interface: "lo"}, hook: 3, target: "lo"},
		"tcx/egress":   {attach: Attach{Program: "on_tcx_egress", Interface: "lo"}, hook: 4, target: "lo"},
		"socketfilter": {attach: Attach{Program: "on_socket", Interface: "lo"}, hook: 5, target: "lo"},
	} {
		tt.cause, tt.network = sendPacket, true
		t.Run(name, tt.run)
	}
}

func TestCgroupHooks(t *testing.T) {
	for name, tt := range map[string]hookTest{
		"skb ingress":  {attach: Attach{Program: "on_cgroup_skb", Target: "ingress"}, hook: 6},
		"skb egress":   {attach: Attach{Program: "on_cgroup_skb_egress"}, hook: 7},
		"connect4":     {attach: Attach{Program: "on_cgroup_connect4"}, hook: 8},
		"sock_create":  {attach: Attach{Program: "on_cgroup_sock"}, hook: 9},
		"sockops":      {attach: Attach{Program: "on_sockops"}, hook: 10},
		"sysctl":       {attach: Attach{Program: "on_cgroup_sysctl"}, hook: 11},
		"device":       {attach: Attach{Program: "on_cgroup_device"}, hook: 12},
		"setsockopt":   {attach: Attach{Program: "on_cgroup_setsockopt"}, hook: 13},
		"getsockopt":   {attach: Attach{Program: "on_cgroup_getsockopt"}, hook: 14},
		"bind4":        {attach: Attach{Program: "on_cgroup_bind4"}, hook: 15},
		"sendmsg4":     {attach: Attach{Program: "on_cgroup_sendmsg4"}, hook: 16},
		"sock_release": {attach: Attach{Program: "on_cgroup_sock_release"}, hook: 17},
	} {
		t.Run(name, func(t *testing.T) {
			needRoot(t)
			tt.anyPid = tt.hook != 8 && tt.hook != 9 // the cgroup has no other process than the one that runs them
			dir := ownCgroup(t)
			tt.attach.Cgroup, tt.target = dir, dir
			tt.cause = func(t testing.TB) int { return connectIn(t, dir) }
			tt.run(t)
		})
	}
	t.Run("default cgroup", func(t *testing.T) {
		needRoot(t)
		root, err := cgroupRoot()
		if err != nil {
			t.Skip("needs the cgroup v2 hierarchy: ", err)
		}
		hookTest{attach: Attach{Program: "on_cgroup_connect4"}, hook: 8, target: root, cause: connect}.run(t)
	})
}

func TestTracepointHooks(t *testing.T) {
	for name, tt := range map[string]hookTest{
		"tracepoint":     {attach: Attach{Program: "on_tracepoint", Target: "sched/sched_process_exec"}, hook: 20, target: "sched/sched_process_exec"},
		"raw_tracepoint": {attach: Attach{Program: "on_raw_tracepoint", Target: "sched_process_exec"}, hook: 21, target: "sched_process_exec"},
		"tp_btf":         {attach: Attach{Program: "on_btf_tracepoint", Target: "sched_process_exec"}, hook: 22, target: "sched_process_exec"},
	} {
		tt.cause = startProcess
		t.Run(name, tt.run)
	}
}

func TestPerfEventHooks(t *testing.T) {
	for name, tt := range map[string]hookTest{
		"default":   {attach: Attach{Program: "on_perf_event"}, hook: 35, target: "cpu-clock", note: "99 a second on each CPU"},
		"frequency": {attach: Attach{Program: "on_perf_event", Event: "task-clock", Frequency: 499}, hook: 35, target: "task-clock", note: "499 a second"},
		"period":    {attach: Attach{Program: "on_perf_event", Event: "cpu-clock", Period: 5e6}, hook: 35, target: "cpu-clock", note: "once every 5000000"},
	} {
		tt.cause = burn
		t.Run(name, tt.run)
	}
}

// These need a kernel that this one may not be: .ci/kernels runs them where they must pass.

func TestKprobeHooks(t *testing.T) {
	if findPMU("kprobe") == "" {
		t.Skip("needs a kernel with kprobes")
	}
	for name, tt := range map[string]hookTest{
		"kprobe":      {attach: Attach{Program: "on_kprobe", Target: "tcp_connect"}, hook: 26, target: "tcp_connect"},
		"kretprobe":   {attach: Attach{Program: "on_kretprobe", Target: "tcp_connect"}, hook: 27, target: "tcp_connect"},
		"ksyscall":    {attach: Attach{Program: "on_ksyscall", Target: "connect"}, hook: 30, target: "connect"},
		"kretsyscall": {attach: Attach{Program: "on_kretsyscall", Target: "connect"}, hook: 31, target: "connect"},
	} {
		tt.cause = connect
		t.Run(name, tt.run)
	}
}

func TestKprobeMultiHooks(t *testing.T) {
	if !haveKprobeMulti(t) {
		t.Skip("needs a kernel with kprobe.multi")
	}
	for name, tt := range map[string]hookTest{
		"list":    {attach: Attach{Program: "on_kprobe_multi", Target: "tcp_connect,tcp_close"}, hook: 28, target: "tcp_connect,tcp_close", note: "2 functions"},
		"pattern": {attach: Attach{Program: "on_kretprobe_multi", Target: "tcp_conn?ct"}, hook: 29, target: "tcp_conn?ct"},
	} {
		tt.cause = connect
		t.Run(name, tt.run)
	}
}

func TestFentryHooks(t *testing.T) {
	if !haveFentry(t) {
		t.Skip("needs a kernel with fentry")
	}
	for name, tt := range map[string]hookTest{
		"fentry":   {attach: Attach{Program: "on_fentry", Target: "tcp_connect"}, hook: 23, target: "tcp_connect"},
		"fexit":    {attach: Attach{Program: "on_fexit", Target: "tcp_connect"}, hook: 24, target: "tcp_connect"},
		"fmod_ret": {attach: Attach{Program: "on_fmod_ret", Target: "security_socket_connect"}, hook: 25, target: "security_socket_connect"},
	} {
		tt.cause = connect
		t.Run(name, tt.run)
	}
}

func TestLSMHooks(t *testing.T) {
	if !haveLSM(t) {
		t.Skip("needs a kernel with BPF among its security modules")
	}
	hookTest{attach: Attach{Program: "on_lsm", Target: "socket_connect"}, hook: 34, target: "socket_connect", cause: connect}.run(t)
}
