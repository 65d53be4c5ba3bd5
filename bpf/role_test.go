package bpf

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is also the processes that it watches: with this variable, it does what the value says instead.
const roleVariable = "PROBEHOST_BPF_TEST_ROLE"

func init() {
	if _, found := os.LookupEnv(roleVariable); found {
		runtime.LockOSThread() // main runs on the main thread
	}
}

func TestMain(m *testing.M) {
	if role, found := os.LookupEnv(roleVariable); found {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(101)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func play(role string) error {
	what, number, _ := strings.Cut(role, " ")
	value, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	switch what {
	case "exit":
		os.Exit(value)
	case "threads":
		threads(value)
	case "thread-ends-first":
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		}()
		<-ended
		time.Sleep(20 * time.Millisecond)
		os.Exit(value)
	case "main-thread-ends-first":
		time.AfterFunc(20*time.Millisecond, func() { os.Exit(value) })
		_, _, err := unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
		return err
	case "exec-off-main-thread":
		return execOffMainThread()
	case "kill":
		if err := unix.Kill(os.Getpid(), unix.Signal(value)); err != nil {
			return err
		}
		time.Sleep(time.Minute) // another thread may be the one that gets the signal
	}
	return fmt.Errorf("no role %q", role)
}

// threads ends the process with many threads in it, the code being that of the last one to call exit.
func threads(code int) {
	var running sync.WaitGroup
	for range 32 {
		running.Add(1)
		go func() {
			runtime.LockOSThread()
			running.Done()
			select {}
		}()
	}
	running.Wait()
	os.Exit(code)
}

// execOffMainThread calls exec in a thread that is not the first: main holds that one.
func execOffMainThread() error {
	failed := make(chan error)
	go func() { failed <- execAgain() }()
	return <-failed
}

func execAgain() error {
	argument := "tid=" + strconv.Itoa(unix.Gettid())
	return syscall.Exec("/proc/self/exe", []string{"again", argument}, []string{roleVariable + "=exit 7"})
}

// process runs this binary in a role, with arguments that it does not look at.
func process(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = []string{roleVariable + "=" + role}
	return cmd
}
