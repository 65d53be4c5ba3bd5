package plug

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A plugin ends when its host is killed, and takes its socket with it.
func TestHostDies(t *testing.T) {
	o, _ := options(t, "obedient")
	host := exec.Command(pluginPath(t, "host"), o.Path, o.RuntimeDir)
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
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(o.RuntimeDir); err != nil || len(left) != 1 {
		t.Fatalf("in the runtime directory: %v, %v", left, err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := host.Wait(); err == nil {
		t.Fatal("the host was not killed")
	}
	for wait := time.Now().Add(8 * time.Second); time.Now().Before(wait); time.Sleep(20 * time.Millisecond) {
		left, err := os.ReadDir(o.RuntimeDir)
		if err != nil {
			t.Fatal(err)
		}
		if errors.Is(unix.Kill(pid, 0), unix.ESRCH) && len(left) == 0 {
			return
		}
		if state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil && strings.Contains(string(state), ") Z ") && len(left) == 0 {
			return // its new parent does not reap
		}
	}
	t.Errorf("plugin %d survived its host", pid)
}
