// Package e2e runs the built programs as a user does: probehost with plugins as processes, probes in the kernel, real packets, processes and
// connections.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"
)

// bin is the folder with probehost and plugins/.
var bin string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// A machine without Go (a guest that runs this test alone) brings the programs along.
	if bin = os.Getenv("PROBEHOST_BIN"); bin != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "probehost-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder for temporary files
	bin = dir
	for out, pkg := range map[string]string{
		"probehost": "./host", "plugins/counter": "./plugins/counter", "plugins/logger": "./plugins/logger", "plugins/alert": "./plugins/alert",
	} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, out), pkg)
		cmd.Dir = "../../.."
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", pkg, err, text)
			return 1
		}
	}
	return m.Run()
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to load BPF programs")
	}
}

// host is a running probehost.
type host struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout buffer
	stderr buffer
	exited chan struct{}
	err    error
}

// start runs probehost with a configuration, and waits for it to say that it is running.
func start(t *testing.T, config string, args ...string) *host {
	t.Helper()
	h := launch(t, config, append([]string{"run"}, args...)...)
	h.waitFor(&h.stderr, "running")
	return h
}

// launch runs a command of probehost with a configuration file. At the end of the test whatever is left of it is killed.
func launch(t *testing.T, config string, args ...string) *host {
	t.Helper()
	h := command(t, config, args...)
	h.launch()
	return h
}

// command is launch, but for the start.
func command(t *testing.T, config string, args ...string) *host {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probes.hcl")
	check(t, os.WriteFile(path, []byte(config), 0o600))
	h := &host{t: t, exited: make(chan struct{})}
	h.cmd = exec.Command(filepath.Join(bin, "probehost"), append(args, path)...)
	h.cmd.Dir = filepath.Dir(path)
	h.cmd.Stdout, h.cmd.Stderr = &h.stdout, &h.stderr
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return h
}

func (h *host) launch() {
	h.t.Helper()
	check(h.t, h.cmd.Start())
	go func() { h.err = h.cmd.Wait(); close(h.exited) }()
	h.t.Cleanup(func() {
		select {
		case <-h.exited:
		default:
			_ = h.cmd.Process.Kill() // fails if it has just ended
			<-h.exited
		}
		if h.t.Failed() {
			h.t.Logf("standard output:\n%s\nstandard error:\n%s", tail(h.stdout.String()), tail(h.stderr.String()))
		}
	})
}

// links lists what the host has attached.
func (h *host) links() (ids []link.ID) {
	h.t.Helper()
	infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", h.cmd.Process.Pid))
	check(h.t, err)
	for _, path := range infos {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // closed meanwhile
		}
		if _, rest, ok := strings.Cut(string(text), "link_id:"); ok {
			id, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 32)
			check(h.t, err)
			ids = append(ids, link.ID(id))
		}
	}
	return ids
}

// stop sends SIGTERM and returns the exit status.
func (h *host) stop() int {
	h.t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		h.t.Fatal(err)
	}
	return h.wait(20 * time.Second)
}

// wait returns the exit status.
func (h *host) wait(limit time.Duration) int {
	h.t.Helper()
	select {
	case <-h.exited:
		return h.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		h.t.Fatalf("probehost did not end within %s", limit)
		return -1
	}
}

// waitFor waits until the output contains the text.
func (h *host) waitFor(b *buffer, text string) {
	h.t.Helper()
	h.eventually(fmt.Sprintf("%q in the output", text), func() bool { return strings.Contains(b.String(), text) })
}

func (h *host) eventually(what string, done func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			h.t.Fatalf("waited in vain for %s", what)
		case <-h.exited:
			if !done() {
				h.t.Fatalf("probehost ended (%v) without %s", h.err, what)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// tail keeps what a failure report needs of a long output.
func tail(s string) string {
	const most = 2 << 10
	if len(s) > most {
		return "...\n" + s[len(s)-most:]
	}
	return s
}
