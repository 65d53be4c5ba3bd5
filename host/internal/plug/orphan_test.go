package plug

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Nothing of a plugin is left when its host is killed: not its process, whatever state that is in, not those it started, not its socket.
func TestHostDies(t *testing.T) {
	for _, test := range []struct {
		name, plugin, do string
		stop, foreign    bool
	}{
		{name: "idle", plugin: "obedient"},
		{name: "open", plugin: "obedient", do: "print"},
		{name: "stopped, and continued", plugin: "obedient", stop: true},
		{name: "with a process of its own", plugin: "obedient", do: "breed at open"},
		{name: "not built with the SDK, deaf to signals", plugin: "deaf", foreign: true},
		{name: "not built with the SDK, stopped", plugin: "deaf", stop: true, foreign: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, _ := options(t, test.plugin)
			host, pid := startHost(t, o, test.do)
			pids := append(children(t, pid), pid)
			if want := map[string]int{"breed at open": 2}[test.do]; want > len(pids) {
				t.Fatalf("processes %v", pids)
			}
			if test.stop {
				if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			if err := host.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := host.Wait(); err == nil {
				t.Fatal("the host was not killed")
			}
			if test.stop && !test.foreign { // it takes note of SIGTERM when it goes on; until then nobody but its new parent can end it
				if err := unix.Kill(pid, unix.SIGCONT); err != nil && !errors.Is(err, unix.ESRCH) {
					t.Fatal(err)
				}
			}
			deadline := time.Now().Add(8 * time.Second) // with the race detector, an exit takes a second
			for _, pid := range pids {
				for !gone(pid) {
					if time.Now().After(deadline) {
						t.Fatalf("process %d survived the host", pid)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
			if test.foreign || test.stop { // killed at once: nobody removes its folder
				if err := os.RemoveAll(o.RuntimeDir); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(o.RuntimeDir, 0o700); err != nil { // for the check of options
					t.Fatal(err)
				}
			}
		})
	}
}

// startHost starts a host that starts that plugin, and opens it if do is not empty. It returns the number of the plugin's process.
func startHost(t *testing.T, o Options, do string) (host *exec.Cmd, pid int) {
	t.Helper()
	host = exec.Command(pluginPath(t, "host"), o.Path, o.RuntimeDir)
	if do != "" {
		host.Args = append(host.Args, do)
	}
	host.Stderr = os.Stderr
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return host, pid
}

// children returns the processes that the process has started.
func children(t *testing.T, pid int) []int {
	t.Helper()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, thread := range threads {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a thread may end
			t.Fatal(err)
		}
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, child)
		}
	}
	return all
}

// gone reports whether the process has ended. It may wait for its new parent to take note.
func gone(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return errors.Is(err, os.ErrNotExist) || strings.Contains(string(state), ") Z ")
}
