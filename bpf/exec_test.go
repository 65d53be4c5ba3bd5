package bpf

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

func watchExec(t *testing.T) (*records[execStart], *records[execExit]) {
	t.Helper()
	coll := load(t, objectSpec(t, "exec"), nil, "process_exec", "process_exit")
	starts, exits := readRing[execStart](t, coll.Maps["starts"]), readRing[execExit](t, coll.Maps["exits"])
	starts.head = int(unsafe.Offsetof(execStart{}.Args)) // Go pads what ends in an empty array
	for program, tracepoint := range map[string]string{"process_exec": "sched_process_exec", "process_exit": "sched_process_exit"} {
		attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: tracepoint, Program: coll.Programs[program]})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := attached.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return starts, exits
}

// cgroupOf is the id of this process's cgroup: the inode of its folder in the version 2 hierarchy.
func cgroupOf(t testing.TB) uint64 {
	t.Helper()
	list, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		if path, found := strings.CutPrefix(strings.TrimSpace(line), "0::"); found {
			for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
				var stat unix.Statfs_t
				if unix.Statfs(root, &stat) != nil || stat.Type != unix.CGROUP2_SUPER_MAGIC {
					continue
				}
				info, err := os.Stat(root + path)
				if err != nil {
					t.Fatal(err)
				}
				return info.Sys().(*syscall.Stat_t).Ino
			}
		}
	}
	return 0
}

func TestExecStart(t *testing.T) {
	starts, exits := watchExec(t)
	before := ktime(t)
	cmd := process("exit 3", "-a", "two words", "", "last")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 4321}}
	var ended *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &ended) || ended.ExitCode() != 3 {
		t.Fatalf("the process ends with %v", err)
	}
	pid := uint32(cmd.Process.Pid)

	start, args := starts.find(t, func(e execStart) bool { return e.Pid == pid })
	if start.Time < before || start.Time > ktime(t) {
		t.Errorf("start at %d is not after %d", start.Time, before)
	}
	own, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "tid", start.Tid, pid)
	compare(t, "ppid", start.Ppid, uint32(os.Getpid()))
	compare(t, "uid", start.Uid, 1234)
	compare(t, "gid", start.Gid, 4321)
	compare(t, "euid", start.Euid, 1234)
	compare(t, "argc", start.Argc, 5)
	compare(t, "comm", text(start.Comm[:]), "exe")
	compare(t, "parent comm", text(start.ParentComm[:]), strings.TrimSpace(string(own)))
	compare(t, "filename", text(start.Filename[:]), "/proc/self/exe")
	compare(t, "filename cut", start.FilenameCut, false)
	compare(t, "args", args, "/proc/self/exe -a two words  last")
	compare(t, "args cut", start.ArgsCut, false)
	cgroup := cgroupOf(t)
	if cgroup != 0 {
		compare(t, "cgroup", start.Cgroup, cgroup)
	}

	exit, _ := exits.find(t, func(e execExit) bool { return e.Pid == pid })
	compare(t, "exit ppid", exit.Ppid, uint32(os.Getpid()))
	compare(t, "exit uid", exit.Uid, 1234)
	compare(t, "exit gid", exit.Gid, 4321)
	compare(t, "exit cgroup", exit.Cgroup, start.Cgroup)
	compare(t, "exit code", exit.ExitCode, 3)
	compare(t, "signal", exit.Signal, 0)
	compare(t, "exit comm", text(exit.Comm[:]), "exe")
	if exit.Time < start.Time || exit.Duration < exit.Time-start.Time || exit.Duration > exit.Time-before {
		t.Errorf("ran %d ns: started after %d, exec at %d, exit at %d", exit.Duration, before, start.Time, exit.Time)
	}
}

// Arguments of every length around the bound arrive whole or cut, and the flag says which.
func TestExecArguments(t *testing.T) {
	starts, _ := watchExec(t)
	const bound = 1024
	name := "/proc/self/exe"
	for _, length := range []int{1, 2, 7, 8, 9, 500, bound - 2, bound - 1, bound, bound + 1, 100_000} {
		argument := strings.Repeat("x", length)
		cmd := process("exit 0", argument)
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		start, args := starts.find(t, func(e execStart) bool { return e.Pid == uint32(cmd.Process.Pid) })
		want := name + " " + argument
		cut := len(want) >= bound // with the NUL that ends it
		if cut {
			want = want[:bound]
		}
		if args != want || start.ArgsCut != cut {
			t.Errorf("argument of %d bytes: %d bytes, cut %v; want %d, %v", length, len(args), start.ArgsCut, len(want), cut)
		}
	}
}

// Arguments arrive byte by byte, whatever is in them.
func TestExecOddArguments(t *testing.T) {
	starts, _ := watchExec(t)
	for name, args := range map[string][]string{
		"none":                {},
		"all empty":           {"", "", ""},
		"empty at the end":    {"a", ""},
		"spaces":              {" a ", "b  c"},
		"not UTF-8":           {"\xff\xfe", "\x80"},
		"lines and terminals": {"a\nb", "\x1b[2J\r"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := process("exit 0", args...)
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			start, got := starts.find(t, func(e execStart) bool { return e.Pid == uint32(cmd.Process.Pid) })
			compare(t, "args", got, strings.Join(cmd.Args, " "))
			compare(t, "argc", start.Argc, uint32(len(cmd.Args)))
			compare(t, "cut", start.ArgsCut, false)
		})
	}
}

func TestExecLongFilename(t *testing.T) {
	starts, _ := watchExec(t)
	dir := t.TempDir() + strings.Repeat("/"+strings.Repeat("d", 100), 3)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	name := dir + "/program"
	if err := os.Symlink("/proc/self/exe", name); err != nil {
		t.Fatal(err)
	}
	cmd := process("exit 0")
	cmd.Path = name
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	start, _ := starts.find(t, func(e execStart) bool { return e.Pid == uint32(cmd.Process.Pid) })
	compare(t, "filename", text(start.Filename[:]), name[:255])
	compare(t, "cut", start.FilenameCut, true)
	compare(t, "comm", text(start.Comm[:]), "program")

	// The next one finds nothing of it in the buffer.
	cmd = process("exit 0")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	start, _ = starts.find(t, func(e execStart) bool { return e.Pid == uint32(cmd.Process.Pid) })
	if rest := strings.TrimRight(string(bytesOf(start.Filename[:])), "\x00"); rest != "/proc/self/exe" {
		t.Errorf("filename and what follows it: %q", rest)
	}
}

// A thread that is not the first calls exec: the process goes on under its old id, and ends once.
func TestExecOffMainThread(t *testing.T) {
	starts, exits := watchExec(t)
	cmd := process("exec-off-main-thread 0")
	var ended *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &ended) || ended.ExitCode() != 7 {
		t.Fatalf("the process ends with %v", err)
	}
	pid := uint32(cmd.Process.Pid)
	starts.find(t, func(e execStart) bool { return e.Pid == pid })
	second, args := starts.find(t, func(e execStart) bool { return e.Pid == pid })
	if second.Tid == pid {
		t.Error("the thread that called exec has the id of the process")
	}
	compare(t, "args", args, fmt.Sprintf("again tid=%d", second.Tid))
	compare(t, "ppid", second.Ppid, uint32(os.Getpid()))
	compare(t, "exits", len(exitsOf(t, exits, pid)), 1)
}

// exitsOf collects the ends of a process that has been waited for. A last process ends after it, to know where to stop.
func exitsOf(t *testing.T, exits *records[execExit], pid uint32) (found []execExit) {
	t.Helper()
	last := process("exit 0")
	if err := last.Run(); err != nil {
		t.Fatal(err)
	}
	exits.find(t, func(e execExit) bool {
		if e.Pid == pid {
			found = append(found, e)
		}
		return e.Pid == uint32(last.Process.Pid)
	})
	return found
}

func TestExitOncePerProcess(t *testing.T) {
	_, exits := watchExec(t)
	for _, tt := range []struct {
		name, role   string
		code, signal uint32
	}{
		{"exit 0", "exit 0", 0, 0},
		{"exit 255", "exit 255", 255, 0},
		{"many threads", "threads 5", 5, 0},
		{"a thread ends first", "thread-ends-first 6", 6, 0},
		{"the main thread ends first", "main-thread-ends-first 7", 7, 0},
		{"SIGKILL", fmt.Sprint("kill ", int(unix.SIGKILL)), 0, uint32(unix.SIGKILL)},
		{"SIGTERM", fmt.Sprint("kill ", int(unix.SIGTERM)), 0, uint32(unix.SIGTERM)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 5 { // the threads end in another order each time
				cmd := process(tt.role)
				if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
					t.Fatal(err)
				}
				found := exitsOf(t, exits, uint32(cmd.Process.Pid))
				if len(found) != 1 {
					t.Fatalf("%d exits of one process", len(found))
				}
				compare(t, "code", found[0].ExitCode, tt.code)
				compare(t, "signal", found[0].Signal, tt.signal)
				compare(t, "core dumped", found[0].CoreDumped, false)
				if d := time.Duration(found[0].Duration); d <= 0 || d > time.Minute {
					t.Errorf("ran %v", d)
				}
			}
		})
	}
}
