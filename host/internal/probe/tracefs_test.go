package probe

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// tracefsEnv makes the test binary mount tracefs, if it says that it may, instead of running tests.
const tracefsEnv = "PROBEHOST_TEST_TRACEFS"

// mountTracefs runs in a mount namespace of its own.
func mountTracefs() {
	for findTracefs() != "" {
		if err := unix.Unmount(findTracefs(), unix.MNT_DETACH); err != nil {
			fmt.Println("unmount:", err)
			return
		}
	}
	if len(tracepointNames()) > 0 {
		fmt.Println("there are tracepoints without tracefs")
	}
	if os.Getenv(tracefsEnv) == "may not" {
		if err := cap.NewSet().SetProc(); err != nil {
			fmt.Println("drop capabilities:", err)
		}
	}
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stdout, DisableTime: true})
	for range 2 { // the second finds it mounted
		if path, err := needTracefs(log); err != nil {
			fmt.Println(err)
		} else if path != findTracefs() {
			fmt.Println("it is said to be at", path)
		}
	}
}

func TestMountTracefs(t *testing.T) {
	needRoot(t)
	for may, want := range map[string]string{
		"may":     "[INFO]  mounted tracefs, which lists the kernel's tracepoints: path=/sys/kernel/tracing\n",
		"may not": strings.Repeat("tracefs, which lists the kernel's tracepoints, is not mounted: operation not permitted; mount it with `mount -t tracefs tracefs /sys/kernel/tracing`\n", 2),
	} {
		t.Run(may, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env, cmd.SysProcAttr = []string{tracefsEnv + "=" + may}, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
				t.Errorf("%v, %s", err, out)
			}
		})
	}
}

func TestTracepointNames(t *testing.T) {
	needRoot(t)
	if _, err := needTracefs(hclog.NewNullLogger()); err != nil {
		t.Skip("needs tracefs: ", err)
	}
	if !slices.Contains(tracepointNames(), "sched/sched_process_exec") || !slices.Contains(rawTracepointNames(), "sched_process_exec") {
		t.Error("sched/sched_process_exec is not among the tracepoints")
	}
}
