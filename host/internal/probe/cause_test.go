package probe

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// What tests do so that programs run. Each returns the process in which they then run.

// childEnv makes the test binary do what the programs of a cgroup see and end, instead of running tests.
const childEnv = "PROBEHOST_TEST_CHILD"

func child() {
	if err := errors.Join(connectOnce(), sendOnce(), readOnce("/dev/zero"), readOnce("/proc/sys/net/core/somaxconn")); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}

// sendOnce sends a packet from a socket that is not connected.
func sendOnce() error {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.WriteTo([]byte("packet"), c.LocalAddr())
	return err
}

func readOnce(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 1))
	return err
}

func connectOnce() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return err
	}
	return c.Close()
}

func connect(t testing.TB) int {
	t.Helper()
	if err := connectOnce(); err != nil {
		t.Fatal(err)
	}
	return os.Getpid()
}

// connectIn connects in a process of a cgroup.
func connectIn(t testing.TB, cgroup string) int {
	t.Helper()
	dir, err := os.Open(cgroup)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.Process.Pid
}

// startProcess executes a file.
func startProcess(t testing.TB) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// sendPacket sends a packet over lo.
func sendPacket(t testing.TB) int {
	t.Helper()
	c, err := net.Dial("udp4", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("packet")); err != nil {
		t.Fatal(err)
	}
	return 0
}

// burn uses a CPU for a while.
func burn(testing.TB) int {
	for start := time.Now(); time.Since(start) < 100*time.Millisecond; {
	}
	return os.Getpid()
}

// ownNetwork gives the test a network namespace with lo up and nothing else in it. It ends with the test.
func ownNetwork(t testing.TB) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test's goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	up(t, "lo")
}

func up(t testing.TB, name string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkSetUp(l)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ownCgroup makes a cgroup that is removed after the test.
func ownCgroup(t testing.TB) string {
	t.Helper()
	root, err := cgroupRoot()
	if err != nil {
		t.Skip("needs the cgroup v2 hierarchy: ", err)
	}
	dir := filepath.Join(root, "probehost-test-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// pinToCPU keeps the test, which has its thread for itself, on one CPU.
func pinToCPU(t testing.TB) {
	t.Helper()
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
}

func contextFor(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return ctx, cancel
}
