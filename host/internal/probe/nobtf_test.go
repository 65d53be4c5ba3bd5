package probe

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/host/internal/object"
)

// noBTFEnv makes the test binary load a program that needs the kernel's types while they are hidden, instead of running tests.
const noBTFEnv = "PROBEHOST_TEST_NO_BTF"

// loadWithoutBTF runs in a mount namespace of its own.
func loadWithoutBTF() {
	elf, err := testdata.ReadFile("testdata/hooks.bpf.o")
	if err != nil {
		panic(err)
	}
	o, err := object.Open("hooks", elf)
	if err != nil {
		panic(err)
	}
	if err := unix.Mount("none", "/sys/kernel/btf", "tmpfs", 0, ""); err != nil {
		panic(err)
	}
	_, err = Load(context.Background(), Spec{Name: "p", Object: o, Attach: []Attach{{Program: "on_btf_tracepoint", Target: "sched_process_exec"}}})
	fmt.Print(err)
}

func TestNoBTF(t *testing.T) {
	needRoot(t)
	if files, err := os.ReadDir("/boot"); err == nil {
		for _, f := range files {
			if strings.HasPrefix(f.Name(), "vmlinux-") {
				t.Skip("needs a machine without a kernel in /boot, where types are looked for next")
			}
		}
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env, cmd.SysProcAttr = []string{noBTFEnv + "=1"}, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	for _, part := range []string{"probe p, program on_btf_tracepoint: this kernel has no BTF (/sys/kernel/btf/vmlinux)", "; use a kernel built with CONFIG_DEBUG_INFO_BTF=y"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("%q is not in %q", part, out)
		}
	}
}
