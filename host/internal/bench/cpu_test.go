package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the CPU time of the calling thread.
func threadTime() (time.Duration, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano()), err
}

// ownTime is the CPU time of this process.
func ownTime(tb testing.TB) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// processTime is the CPU time of the threads of another process, to the nanosecond.
func processTime(tb testing.TB, pid int) time.Duration {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		tb.Fatalf("no process %d: %v", pid, err)
	}
	var sum time.Duration
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the thread ended; what it used is small
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			tb.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

// sleepUntil sleeps in a system call, so that what the sleep costs is this thread's.
func sleepUntil(t time.Time) {
	for d := time.Until(t); d > 0; d = time.Until(t) {
		ts := unix.NsecToTimespec(d.Nanoseconds())
		_ = unix.Nanosleep(&ts, nil) // interrupted by a signal of the runtime, it sleeps on
	}
}

// children lists the processes started by this one.
func children(tb testing.TB) (pids []int) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		var pid, ppid int
		if _, err := fmt.Sscanf(string(text), "%d", &pid); err != nil {
			tb.Fatal(err)
		}
		rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
		var state string
		if _, err := fmt.Sscan(rest, &state, &ppid); err != nil {
			tb.Fatal(err)
		}
		if ppid == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
