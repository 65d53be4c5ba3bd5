package probe

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/probehost/probehost/host/internal/object"
)

// privilegesEnv makes the test binary print what CheckPrivileges says, or what attaching to a tracepoint by name does, instead of running
// tests.
const privilegesEnv = "PROBEHOST_TEST_PRIVILEGES"

func printPrivileges() {
	err := CheckPrivileges()
	switch os.Getenv(privilegesEnv) {
	case "tracepoint":
		err = attachByName()
	case "large perf buffers":
		err = loadPerf(64 << 20)
	}
	if err != nil {
		fmt.Print(err)
	}
}

func attachByName() error {
	elf, err := testdata.ReadFile("testdata/hooks.bpf.o")
	if err != nil {
		return err
	}
	o, err := object.Open("hooks", elf)
	if err != nil {
		return err
	}
	p, err := Load(context.Background(), Spec{Name: "p", Object: o, FirstOf: []string{"on_tracepoint"},
		Attach: []Attach{{Program: "on_tracepoint", Target: "sched/sched_process_exec"}}})
	if err != nil {
		return err
	}
	if err := p.Attach(); err != nil {
		return err
	}
	return p.Close()
}

func loadPerf(size uint32) error {
	elf, err := testdata.ReadFile("testdata/streams.bpf.o")
	if err != nil {
		return err
	}
	o, err := object.Open("streams", elf)
	if err != nil {
		return err
	}
	samples, err := o.Stream("samples", object.StreamOptions{})
	if err != nil {
		return err
	}
	p, err := Load(context.Background(), Spec{Name: "p", Object: o, Streams: []StreamSpec{{Stream: samples, Size: size}},
		Attach: []Attach{{Program: "emit_samples", Interface: "lo"}}})
	if err != nil {
		return err
	}
	return p.Close()
}

func TestCheckPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to run processes with and without capabilities")
	}
	const nobody = 65534
	for name, tt := range map[string]struct {
		attr *syscall.SysProcAttr
		want []string // parts of the error; nil: none
	}{
		"root": {&syscall.SysProcAttr{}, nil},
		"nobody": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}, []string{
			"privileges that this process does not have: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN; run it as root (sudo)", "setcap cap_bpf,cap_perfmon,cap_net_admin,cap_dac_read_search=ep /",
			"AmbientCapabilities=CAP_BPF CAP_PERFMON CAP_NET_ADMIN CAP_DAC_READ_SEARCH"}},
		"nobody with all three": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{uintptr(cap.BPF), uintptr(cap.PERFMON), uintptr(cap.NET_ADMIN)}}, nil},
		"nobody with the old one": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{uintptr(cap.SYS_ADMIN)}}, []string{"does not have: CAP_NET_ADMIN; run"}},
		"nobody with one": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{uintptr(cap.BPF)}}, []string{"does not have: CAP_PERFMON, CAP_NET_ADMIN; run", "setcap cap_bpf,cap_perfmon,"}},
		"root of a user namespace": {&syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}}}, []string{
			"though it has the capabilities for it: it is in a user namespace, where they do not count; run it outside of containers"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env, cmd.SysProcAttr = []string{privilegesEnv + "=1"}, tt.attr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.want {
				if !strings.Contains(string(out), part) {
					t.Errorf("%q is not in %q", part, out)
				}
			}
			if tt.want == nil && len(out) > 0 {
				t.Errorf("got %q", out)
			}
		})
	}
}

// TestMorePrivileges does what takes one capability more, with and without it.
func TestMorePrivileges(t *testing.T) {
	needRoot(t)
	if _, err := needTracefs(hclog.NewNullLogger()); err != nil {
		t.Skip("needs tracefs: ", err)
	}
	text, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	if err != nil {
		t.Skip("needs a kernel with perf events: ", err)
	}
	paranoid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		what string
		caps []cap.Value
		want []string
	}{
		"tracepoint, with it": {"tracepoint", []cap.Value{cap.BPF, cap.PERFMON, cap.DAC_READ_SEARCH}, nil},
		"tracepoint, without": {"tracepoint", []cap.Value{cap.BPF, cap.PERFMON}, []string{
			"this kernel takes none of the alternatives\n  on_tracepoint: attaching it takes privileges that this process does not have: CAP_DAC_READ_SEARCH",
			"setcap cap_bpf,cap_perfmon,cap_net_admin,cap_dac_read_search=ep /"}},
		"large perf buffers, with it": {"large perf buffers", []cap.Value{cap.BPF, cap.PERFMON, cap.IPC_LOCK}, nil},
		"large perf buffers, without": {"large perf buffers", []cap.Value{cap.BPF, cap.PERFMON}, []string{
			"probe p, stream samples: its map cannot be read", "perf_event_mlock_kb", "cap_dac_read_search,cap_ipc_lock=ep /"}},
	} {
		t.Run(name, func(t *testing.T) {
			if paranoid > 2 && (tt.want == nil || tt.what == "large perf buffers") { // Debian
				tt.want = []string{fmt.Sprintf("this system leaves perf events to CAP_SYS_ADMIN (kernel.perf_event_paranoid is %d)", paranoid),
					"; open them to CAP_PERFMON with `sudo sysctl kernel.perf_event_paranoid=2`"}
			}
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = []string{privilegesEnv + "=" + tt.what}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			for _, c := range tt.caps {
				cmd.SysProcAttr.AmbientCaps = append(cmd.SysProcAttr.AmbientCaps, uintptr(c))
			}
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.want {
				if !strings.Contains(string(out), part) {
					t.Errorf("%q is not in %q", part, out)
				}
			}
			if tt.want == nil && len(out) > 0 {
				t.Errorf("got %q", out)
			}
		})
	}
}

func TestExplainPermission(t *testing.T) {
	needRoot(t)
	e := explainPermission("doing it", os.ErrPermission, cap.BPF)
	if !strings.HasPrefix(e.What, "doing it failed: this kernel ") || e.Cure == "" {
		t.Error(e)
	}
	file := &fs.PathError{Op: "open", Path: "/proc/self/mem", Err: unix.EACCES}
	e = explainPermission("doing it", fmt.Errorf("detect the version: %w", file), cap.BPF)
	if !strings.Contains(e.Error(), "open /proc/self/mem") {
		t.Errorf("the error does not name the file: %v", e)
	}
}
