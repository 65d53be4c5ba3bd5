package objectown

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/probehost/probehost/examples/internal/exampletest"
)

// The object in the kernel, with probehost and plugins as they are built: known signals arrive as events and are counted.
func TestRun(t *testing.T) {
	exampletest.NeedRoot(t)
	bin, dir := t.TempDir(), t.TempDir()
	probehost := filepath.Join(bin, "probehost")
	exampletest.Build(t, probehost, "./host")
	for _, name := range []string{"logger", "counter"} {
		exampletest.Build(t, filepath.Join(bin, "plugins", name), "./plugins/"+name)
	}
	exampletest.Copy(t, dir, "signals.bpf.o", "probes.hcl")

	const sent = 7
	target := deaf(t)
	got := exampletest.Run(t, probehost, dir, func() {
		for range sent {
			if err := target.Signal(syscall.SIGPWR); err != nil {
				t.Error(err)
			}
		}
	})
	event := regexp.MustCompile(fmt.Sprintf(`(?m)^\S+Z signals\.signals +signal=SIGPWR +pid=%d +comm=object-own\.test +uid=root +target=%d +target_comm=sleep +outcome=ignored$`,
		os.Getpid(), target.Pid))
	if n := len(event.FindAllString(got, -1)); n != sent {
		t.Errorf("%d events like %s, want %d", n, event, sent)
	}
	if count := regexp.MustCompile(fmt.Sprintf(`(?m)^SIGPWR +%d `, sent)); !count.MatchString(got) {
		t.Errorf("no row like %s", count)
	}
	if t.Failed() {
		t.Logf("output:\n%s", got)
	}
}

// deaf is a process that ignores SIGPWR, which nothing else on a machine sends.
func deaf(t *testing.T) *os.Process {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "trap '' PWR; exec sleep 1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it says that the process was killed
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid))
		if err == nil && bytes.Equal(comm, []byte("sleep\n")) {
			return cmd.Process
		}
		if time.Now().After(deadline) {
			t.Fatalf("sh does not become sleep: %q, %v", comm, err)
		}
	}
}

func TestReadmeShowsTheConfiguration(t *testing.T) {
	text, err := os.ReadFile("probes.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if blocks := exampletest.CodeBlocks(t, "README.md", "hcl"); len(blocks) != 1 || blocks[0] != string(text) {
		t.Error("README.md does not show probes.hcl as it is")
	}
	source, err := os.ReadFile("signals.bpf.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range exampletest.CodeBlocks(t, "README.md", "c") {
		if !strings.Contains(string(source), strings.TrimSpace(block)) {
			t.Errorf("signals.bpf.c does not have what README.md shows:\n%s", block)
		}
	}
}
