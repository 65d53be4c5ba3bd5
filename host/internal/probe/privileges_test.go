package probe

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// privilegesEnv makes the test binary print what CheckPrivileges says, instead of running tests.
const privilegesEnv = "PROBEHOST_TEST_PRIVILEGES"

func printPrivileges() {
	if err := CheckPrivileges(); err != nil {
		fmt.Print(err)
	}
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
			"privileges that this process does not have: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN; run it as root (sudo)", "setcap cap_bpf,cap_perfmon,cap_net_admin=ep ", "AmbientCapabilities=CAP_BPF CAP_PERFMON CAP_NET_ADMIN"}},
		"nobody with all three": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{uintptr(cap.BPF), uintptr(cap.PERFMON), uintptr(cap.NET_ADMIN)}}, nil},
		"nobody with the old one": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{uintptr(cap.SYS_ADMIN)}}, []string{"does not have: CAP_NET_ADMIN; run"}},
		"nobody with one": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{uintptr(cap.BPF)}}, []string{"does not have: CAP_PERFMON, CAP_NET_ADMIN; run"}},
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

func TestExplainPermission(t *testing.T) {
	needRoot(t)
	e := explainPermission("doing it", os.ErrPermission, cap.BPF)
	if !strings.HasPrefix(e.What, "doing it failed: this kernel ") || e.Cure == "" {
		t.Error(e)
	}
}
