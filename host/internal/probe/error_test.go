package probe

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// wantError expects one error with this program and attribute, whose text has all these parts.
func wantError(t testing.TB, err error, program, attr string, parts ...string) {
	t.Helper()
	all := Errors(err)
	if len(all) != 1 {
		t.Fatalf("want one error, got %d: %v", len(all), err)
	}
	e := all[0]
	if e.Probe != "broken" || e.Program != program || e.Attr != attr {
		t.Errorf("the error is about probe %q, program %q, attribute %q: %v", e.Probe, e.Program, e.Attr, e)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error: %v", part, err)
		}
	}
}

// TestLoadErrors loads what the kernel refuses.
func TestLoadErrors(t *testing.T) {
	needRoot(t)
	for name, tt := range map[string]struct {
		object  string
		attach  Attach
		program string
		attr    string
		parts   []string
	}{
		"out of bounds": {"broken", Attach{Program: "out_of_bounds", Interface: "lo"}, "out_of_bounds", "object", []string{
			"the verifier refuses it: invalid access to map value, value_size=8 off=24 size=8",
			"\n  at testdata/broken.bpf.c:24: return number[3];\n  the end of its log:\n", "*(u64 *)(r0 +24)"}},
		"null pointer": {"broken", Attach{Program: "unchecked", Interface: "lo"}, "unchecked", "object", []string{
			"the verifier refuses it: R0 invalid mem access 'map_value_or_null'", "testdata/broken.bpf.c:34: return *number;"}},
		"unbounded loop": {"broken", Attach{Program: "endless", Interface: "lo"}, "endless", "object", []string{
			"the verifier refuses it: BPF program is too large. Processed 1000001 insn\n  a loop: testdata/broken.bpf.c:67: while (sum < 1000000)\n", "; bound its loops"}},
		"not set": {"broken", Attach{Program: "unset", Interface: "lo"}, "unset", "object", []string{
			"the verifier refuses it: R4 !read_ok\n  at testdata/broken.bpf.c:", "; make the program set the variable"}},
		"missing field": {"broken", Attach{Program: "missing_field", Target: "sys_enter"}, "missing_field", "object", []string{
			"it uses a type or field that this kernel does not have (of task_struct)", "\n  at testdata/broken.bpf.c:", "bpf_core_field_exists()"}},
		"forbidden helper": {"broken", Attach{Program: "forbidden_helper", Interface: "lo"}, "forbidden_helper", "object", []string{
			"bpf_sock_map_update#53", "this kernel does not have that helper for programs of this type"}},
		"impossible map": {"badmap", Attach{}, "", "object", []string{
			"the kernel refuses map impossible (type Hash, keys of 4 bytes, values of 8 bytes, 16 entries, flags 0x80000000): ", "invalid argument", "combination of sizes and flags"}},
		"no such function for fentry": {"hooks", Attach{Program: "on_fentry", Target: "tcp_connekt"}, "on_fentry", "target", []string{
			"this kernel has no function tcp_connekt", "did you mean tcp_connect?"}},
		"no such BTF tracepoint": {"hooks", Attach{Program: "on_btf_tracepoint", Target: "sched_process_exek"}, "on_btf_tracepoint", "target", []string{
			"this kernel has no tracepoint sched_process_exek", "did you mean sched_process_exec?"}},
		"no such LSM hook": {"hooks", Attach{Program: "on_lsm", Target: "file_opem"}, "on_lsm", "target", []string{
			"this kernel has no security hook file_opem", "did you mean file_open?"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Name: "broken", Object: open(t, tt.object)}
			if tt.attach.Program != "" {
				spec.Attach = []Attach{tt.attach}
			}
			_, err := Load(t.Context(), spec)
			wantError(t, err, tt.program, tt.attr, tt.parts...)
			e := Errors(err)[0]
			if verifier := strings.Contains(e.What, "the end of its log"); verifier != (len(e.VerifierLog()) > 0) {
				t.Errorf("the log has %d lines", len(e.VerifierLog()))
			}
		})
	}
}

// TestAttachErrors attaches to what there is not. It leaves nothing behind: other programs of the probe are detached again.
func TestAttachErrors(t *testing.T) {
	needRoot(t)
	for name, tt := range map[string]struct {
		attach Attach
		attr   string
		parts  []string
	}{
		"no such interface":      {Attach{Program: "on_xdp", Interface: "eth99"}, "interface", []string{"there is no network interface eth99", "the interfaces here are lo"}},
		"no native XDP":          {Attach{Program: "on_xdp", Interface: "lo", Mode: "native"}, "mode", []string{"the driver of lo has no native XDP", "use mode auto or generic"}},
		"no interface for TC":    {Attach{Program: "on_tc", Interface: "eth99", Target: "egress"}, "interface", []string{"there is no network interface eth99"}},
		"no interface, socket":   {Attach{Program: "on_socket", Interface: "eth99"}, "interface", []string{"there is no network interface eth99"}},
		"no such tracepoint":     {Attach{Program: "on_tracepoint", Target: "sched/sched_process_exek"}, "target", []string{"this kernel has no tracepoint sched/sched_process_exek", "did you mean sched/sched_process_exec?"}},
		"no such raw tracepoint": {Attach{Program: "on_raw_tracepoint", Target: "sched_process_exek"}, "target", []string{"this kernel has no tracepoint sched_process_exek", "did you mean sched_process_exec?"}},
		"no such binary":         {Attach{Program: "on_uprobe", Binary: "/nowhere", Symbol: "f"}, "binary", []string{"there is no file /nowhere"}},
		"binary not in PATH":     {Attach{Program: "on_uprobe", Binary: "nowhere", Symbol: "f"}, "binary", []string{"nowhere is not in $PATH"}},
		"binary is a folder":     {Attach{Program: "on_uprobe", Binary: "/", Symbol: "f"}, "binary", []string{"/ is not a regular file"}},
		"binary is no binary":    {Attach{Program: "on_uprobe", Binary: "/etc/passwd", Symbol: "f"}, "binary", []string{"attaching to /etc/passwd:f failed"}},
		"no such cgroup":         {Attach{Program: "on_sockops", Cgroup: "/nowhere"}, "cgroup", []string{"there is no cgroup /nowhere"}},
		"not a cgroup":           {Attach{Program: "on_sockops", Cgroup: "/etc"}, "cgroup", []string{"/etc is not a cgroup of version 2"}},
		"frequency too high":     {Attach{Program: "on_perf_event", Frequency: 1 << 40}, "frequency", []string{"perf_event_max_sample_rate"}},
	} {
		t.Run(name, func(t *testing.T) {
			ownNetwork(t)
			p := load(t, Spec{Name: "broken", Object: open(t, "hooks"), Attach: []Attach{
				{Program: "on_tcx_ingress", Interface: "lo"}, tt.attach, {Program: "on_tcx_egress", Interface: "lo"},
			}})
			wantError(t, p.Attach(), tt.attach.Program, tt.attr, tt.parts...)
			if len(p.Links()) != 0 {
				t.Errorf("links are left: %+v", p.Links())
			}
		})
	}
}

func TestUprobeErrors(t *testing.T) {
	needRoot(t)
	const binary = "/bin/bash"
	if _, err := os.Stat(binary); err != nil {
		t.Skip("needs bash: ", err)
	}
	for name, tt := range map[string]struct {
		attach Attach
		attr   string
		parts  []string
	}{
		"no such symbol":      {Attach{Binary: binary, Symbol: "readlin"}, "symbol", []string{"/bin/bash has no function readlin", "did you mean readline?"}},
		"nothing like it":     {Attach{Binary: binary, Symbol: "xyzxyzxyzxyz"}, "symbol", []string{"`nm -D /bin/bash` lists"}},
		"symbol of a library": {Attach{Binary: binary, Symbol: "malloc_usable_sizes", Pid: 1 << 22}, "symbol", []string{"has no function"}},
		"no such process":     {Attach{Binary: binary, Symbol: "readline", Pid: 1<<22 - 1}, "pid", []string{"there is no process"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.attach.Program = "on_uprobe"
			p := load(t, Spec{Name: "broken", Object: open(t, "hooks"), Attach: []Attach{tt.attach}})
			wantError(t, p.Attach(), "on_uprobe", tt.attr, tt.parts...)
		})
	}
}

// TestKprobeErrors needs a kernel with kprobes; .ci/kernels has one.
func TestKprobeErrors(t *testing.T) {
	needRoot(t)
	attach := func(a Attach) error {
		p := load(t, Spec{Name: "broken", Object: open(t, "hooks"), Attach: []Attach{a}})
		return p.Attach()
	}
	if findPMU("kprobe") == "" {
		wantError(t, attach(Attach{Program: "on_kprobe", Target: "tcp_connect"}), "on_kprobe", "target", "this kernel is built without kprobes")
		t.Skip("needs a kernel with kprobes")
	}
	wantError(t, attach(Attach{Program: "on_kprobe", Target: "tcp_connekt"}), "on_kprobe", "target",
		"this kernel has no function tcp_connekt", "did you mean tcp_connect?")
	wantError(t, attach(Attach{Program: "on_ksyscall", Target: "conekt"}), "on_ksyscall", "target", "this kernel has no function sys_conekt")
	closed := closedFunction(t)
	wantError(t, attach(Attach{Program: "on_kprobe", Target: closed}), "on_kprobe", "target", "this kernel does not let function "+closed+" be probed")
}

// closedFunction returns a function that the kernel does not let be probed.
func closedFunction(t testing.TB) string {
	t.Helper()
	list, err := os.ReadFile("/sys/kernel/debug/kprobes/blacklist") // "0xffffffff8104a5d0-0xffffffff8104a610	do_int3"
	if err != nil {
		t.Fatal(err)
	}
	functions := kernelFunctions()
	for line := range strings.Lines(string(list)) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && slices.Contains(functions, name) {
			return name
		}
	}
	t.Fatal("there is none")
	return ""
}

func TestXDPSlotTaken(t *testing.T) {
	needRoot(t)
	ownNetwork(t)
	first := load(t, Spec{Name: "first", Object: open(t, "hooks"), Attach: []Attach{{Program: "on_xdp", Interface: "lo"}}})
	if err := first.Attach(); err != nil {
		t.Fatal(err)
	}
	second := load(t, Spec{Name: "broken", Object: open(t, "hooks"), Attach: []Attach{{Program: "on_xdp", Interface: "lo"}}})
	wantError(t, second.Attach(), "on_xdp", "interface", "interface lo has an XDP program already (program on_xdp, id ")
}

func TestNativeXDP(t *testing.T) {
	needRoot(t)
	ownNetwork(t)
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "probe0"}, PeerName: "probe1"}
	if err := netlink.LinkAdd(veth); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			t.Skip("needs veth: ", err)
		}
		t.Fatal(err)
	}
	p := load(t, Spec{Name: "veth", Object: open(t, "hooks"), Attach: []Attach{
		{Program: "on_xdp", Interface: "probe0"}, {Program: "on_xdp", Interface: "probe1", Mode: "native"},
	}})
	if err := p.Attach(); err != nil {
		t.Fatal(err)
	}
	for _, l := range p.Links() {
		if l.Note != "native mode" {
			t.Errorf("%s: %s", l.Target, l.Note)
		}
	}
}

// TestChoice is about what can be known without the kernel.
func TestChoice(t *testing.T) {
	for name, tt := range map[string]struct {
		object string
		spec   Spec
		want   []string // a part of each error
	}{
		"unknown program":        {"hooks", Spec{Attach: []Attach{{Program: "on_xpd"}}}, []string{`program on_xpd: cannot be attached: object hooks has no program "on_xpd"`}},
		"unknown alternative":    {"hooks", Spec{FirstOf: []string{"nothing"}}, []string{`program nothing: cannot be tried: object hooks has no program "nothing"`}},
		"all errors at once":     {"hooks", Spec{Attach: []Attach{{Program: "a"}, {Program: "on_xdp"}, {Program: "on_tc"}}}, []string{"program a:", "program on_tc:", "program on_xdp:"}},
		"nothing attaches":       {"hooks", Spec{}, []string{"no program of object hooks attaches to anything; "}},
		"not supported":          {"hooks", Spec{Attach: []Attach{{Program: "on_sk_lookup"}}}, []string{"program on_sk_lookup: cannot be attached: programs in section sk_lookup are not supported yet"}},
		"alternative needs more": {"hooks", Spec{FirstOf: []string{"on_xdp"}}, []string{`program on_xdp: does not say where it is attached; add an attach "on_xdp" block with interface`}},
		"attribute means nothing": {"hooks", Spec{Attach: []Attach{{Program: "on_xdp", Interface: "lo", Pid: 3}}},
			[]string{`program on_xdp: "pid" means nothing to a program of section "xdp"; remove it; such programs take interface, mode`}},
		"no interface":       {"hooks", Spec{Attach: []Attach{{Program: "on_xdp"}}}, []string{`write attach "on_xdp" { interface = "eth0" }`}},
		"no such mode":       {"hooks", Spec{Attach: []Attach{{Program: "on_xdp", Interface: "lo", Mode: "fast"}}}, []string{`there is no XDP mode "fast"; use auto, native or generic`}},
		"no direction":       {"hooks", Spec{Attach: []Attach{{Program: "on_tc", Interface: "lo"}}}, []string{`{ target = "ingress" }`}},
		"no such direction":  {"hooks", Spec{Attach: []Attach{{Program: "on_tc", Interface: "lo", Target: "up"}}}, []string{`there is no direction "up"; use ingress or egress`}},
		"no tracepoint":      {"hooks", Spec{Attach: []Attach{{Program: "on_tracepoint"}}}, []string{`{ target = "sched/sched_process_exec" }`}},
		"no category":        {"hooks", Spec{Attach: []Attach{{Program: "on_tracepoint", Target: "x"}}}, []string{"tracepoint x is not of the form category/name"}},
		"no function":        {"hooks", Spec{Attach: []Attach{{Program: "on_fentry"}}}, []string{`{ target = "tcp_connect" }`}},
		"bad offset":         {"hooks", Spec{Attach: []Attach{{Program: "on_kprobe", Target: "f+x"}}}, []string{"target f+x has no valid offset"}},
		"bad pattern":        {"hooks", Spec{Attach: []Attach{{Program: "on_kprobe_multi", Target: "tcp_["}}}, []string{"tcp_[ is not a pattern"}},
		"no binary":          {"hooks", Spec{Attach: []Attach{{Program: "on_uprobe", Symbol: "f"}}}, []string{`{ binary = "/bin/bash" }`}},
		"no symbol":          {"hooks", Spec{Attach: []Attach{{Program: "on_uprobe", Binary: "/bin/bash"}}}, []string{`{ symbol = "readline" }`}},
		"no such event":      {"hooks", Spec{Attach: []Attach{{Program: "on_perf_event", Event: "cycles"}}}, []string{`there is no software event "cycles"; use one of context-switches, cpu-clock, `}},
		"two rates":          {"hooks", Spec{Attach: []Attach{{Program: "on_perf_event", Frequency: 1, Period: 1}}}, []string{"a frequency or a period, not both"}},
		"cgroup direction":   {"hooks", Spec{Attach: []Attach{{Program: "on_cgroup_skb"}}}, []string{`{ target = "ingress" }`}},
		"direction is fixed": {"hooks", Spec{Attach: []Attach{{Program: "on_cgroup_skb_egress", Target: "ingress"}}}, []string{`the section "cgroup_skb/egress" says already what the program is for`}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.spec.Object, tt.spec.Log = open(t, tt.object), hclog.NewNullLogger()
			_, err := choose(&tt.spec, tt.spec.Object.Spec.Programs, tt.spec.Object.Spec.Maps)
			errs := Errors(err)
			if len(errs) != len(tt.want) {
				t.Fatalf("got %d errors: %v", len(errs), err)
			}
			for i, e := range errs {
				e.Probe = "p"
				if !strings.Contains(e.Error(), tt.want[i]) {
					t.Errorf("%q is not in %q", tt.want[i], e)
				}
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("cause")
	for name, tt := range map[string]struct {
		err  *Error
		want string
	}{
		"all":            {&Error{Probe: "p", Program: "f", What: "what", Cure: "cure", Err: cause}, "probe p, program f: what: cause; cure"},
		"stream":         {&Error{Probe: "p", Stream: "s", What: "what"}, "probe p, stream s: what"},
		"no probe":       {&Error{Program: "f", What: "what", Cure: "cure"}, "what; cure"},
		"verifier's log": {&Error{What: "what", Err: fmt.Errorf("load: %w", &ebpf.VerifierError{Cause: cause, Log: []string{"a", "b"}})}, "what"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	one, two := &Error{What: "one"}, &Error{What: "two"}
	all := Errors(errors.Join(one, errors.Join(cause, nil, fmt.Errorf("wrapped: %w", two))))
	if len(all) != 3 || all[0] != one || !errors.Is(all[1].Err, cause) || all[2] != two {
		t.Errorf("got %v", all)
	}
	if Errors(nil) != nil {
		t.Error("no error is none")
	}
}
