package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// CheckPrivileges reports, in one error, what this process lacks to load and attach programs. It is meant to be called before anything else.
func CheckPrivileges() error {
	if lacking := lacking(cap.BPF, cap.PERFMON, cap.NET_ADMIN); len(lacking) > 0 {
		return &Error{What: "loading BPF programs takes privileges that this process does not have: " + strings.Join(lacking, ", "), Cure: howToGet(lacking)}
	}
	// Capabilities do not count inside a user namespace, and a seccomp filter can forbid the call: trying tells.
	prog, err := ebpf.NewProgramWithOptions(&ebpf.ProgramSpec{
		Name: "probehost_try", Type: ebpf.SocketFilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	}, ebpf.ProgramOptions{LogDisabled: true})
	switch {
	case errors.Is(err, unix.EPERM):
		return &Error{What: "the kernel does not let this process load BPF programs, though it has the capabilities for it" + userNamespace(),
			Cure: "run it outside of containers, or in a privileged one", Err: err}
	case errors.Is(err, unix.ENOSYS):
		return &Error{What: "this kernel is built without BPF (CONFIG_BPF_SYSCALL)", Cure: "use Linux 5.8 or later of a distribution", Err: err}
	case err != nil:
		return &Error{What: "the kernel cannot load even the smallest BPF program", Err: err}
	}
	return prog.Close()
}

// lacking names those of the capabilities that this process does not have, in effect. CAP_SYS_ADMIN stands for the first two, and is
// needed in their place by kernels before 5.8, which do not know them.
func lacking(needed ...cap.Value) []string {
	set := cap.GetProc()
	has := func(v cap.Value) bool {
		on, err := set.GetFlag(cap.Effective, v)
		return err == nil && on
	}
	var names []string
	for _, v := range needed {
		if v == cap.BPF || v == cap.PERFMON {
			if has(cap.SYS_ADMIN) {
				continue
			}
			if v >= cap.MaxBits() {
				v = cap.SYS_ADMIN
			}
		}
		if name := strings.ToUpper(v.String()); !has(v) && !strings.Contains(strings.Join(names, " "), name) {
			names = append(names, name)
		}
	}
	return names
}

// wanted are the capabilities that all kinds of programs together take. A cure names all of them: setcap replaces those that a file has.
var wanted = []cap.Value{cap.BPF, cap.PERFMON, cap.NET_ADMIN, cap.DAC_READ_SEARCH}

// howToGet says how to run the host with the capabilities that it wants; others are those that this process lacks besides.
func howToGet(others []string) string {
	executable, err := os.Executable()
	if err != nil {
		executable = "probehost"
	}
	var names []string
	for _, v := range wanted {
		names = append(names, strings.ToUpper(v.String()))
	}
	for _, name := range others {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return fmt.Sprintf("run it as root (sudo), or give the program what it needs with `sudo setcap %s=ep %s` "+
		"(CAP_DAC_READ_SEARCH is for tracepoints by name and for kprobes), or in a systemd unit with AmbientCapabilities=%s",
		strings.ToLower(strings.Join(names, ",")), executable, strings.Join(names, " "))
}

// perfClosed explains why perf events, which many programs are attached through, are closed to this process in spite of CAP_PERFMON: Debian's
// kernels know a level 3 of kernel.perf_event_paranoid that leaves them to CAP_SYS_ADMIN alone. It returns nothing if that is not so.
func perfClosed() (why, cure string) {
	const setting = "kernel.perf_event_paranoid"
	text, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	level, parseErr := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || parseErr != nil || level <= 2 || len(lacking(cap.SYS_ADMIN)) == 0 {
		return "", ""
	}
	return fmt.Sprintf("this system leaves perf events to CAP_SYS_ADMIN (%s is %d)", setting, level),
		fmt.Sprintf("open them to CAP_PERFMON with `sudo sysctl %s=2`, or run it as root", setting)
}

// userNamespace says so if this process is in a user namespace of its own.
func userNamespace() string {
	ids, err := os.ReadFile("/proc/self/uid_map")
	if fields := strings.Fields(string(ids)); err == nil && strings.Join(fields, " ") != "0 0 4294967295" {
		return ": it is in a user namespace, where they do not count"
	}
	return ""
}

// explainPermission says why the kernel answered EPERM or EACCES to what takes these capabilities.
func explainPermission(what string, err error, needed ...cap.Value) *Error {
	file, isFile := errors.AsType[*fs.PathError](err)
	if isFile {
		needed = append(needed, cap.DAC_READ_SEARCH)
		err = file
	} else if errno, ok := errors.AsType[unix.Errno](err); ok {
		err = errno // what the library adds is a guess at the cause, which is ours to find
	}
	e := &Error{Err: err}
	if lacking := lacking(needed...); len(lacking) > 0 {
		e.What = fmt.Sprintf("%s takes privileges that this process does not have: %s", what, strings.Join(lacking, ", "))
		e.Cure, e.unprivileged = howToGet(lacking), true
	} else if isFile {
		e.What = fmt.Sprintf("%s failed: this process may not read a file that it needs for that", what)
	} else if level := lockdown(); level != "" {
		e.What = fmt.Sprintf("%s failed: this kernel is locked down (%s)", what, level)
		e.Cure = "boot it without lockdown= and without Secure Boot, or use a program of another kind"
	} else {
		e.What = fmt.Sprintf("%s failed: this kernel does not permit it, though no capability is lacking", what)
		e.Cure = "it may be locked down, or forbid programs of this kind: use one of another kind"
	}
	return e
}

// lockdown returns the level of the kernel's lockdown, or nothing if it is off or cannot be told.
func lockdown() string {
	text, err := os.ReadFile("/sys/kernel/security/lockdown") // "none [integrity] confidentiality"
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), "[")
	level, _, _ := strings.Cut(rest, "]")
	if level == "none" {
		return ""
	}
	return level
}
