// Package exampletest runs the examples as their READMEs tell people to: programs built from the tree, with probes in the kernel.
package exampletest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// NeedRoot skips the test when it cannot load BPF programs.
func NeedRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to load BPF programs")
	}
}

// Build builds a package of this module, given by its folder from the root, as the executable at path.
func Build(t *testing.T, path, pkg string) {
	t.Helper()
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	Go(t, filepath.Dir(strings.TrimSpace(string(gomod))), "build", "-o", path, pkg)
}

// Go runs the go command in a folder.
func Go(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s in %s: %v\n%s", strings.Join(args, " "), dir, err, text)
	}
	return string(text)
}

// Copy copies files into a folder.
func Copy(t *testing.T, dir string, files ...string) {
	t.Helper()
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Run runs `probehost run --for 3s` on the probes.hcl in a folder. The during function is called while it runs. Run returns the
// standard output, and fails the test unless probehost ends by itself and well.
func Run(t *testing.T, probehost, dir string, during func()) string {
	t.Helper()
	cmd := exec.Command(probehost, "run", "--for", "3s")
	cmd.Dir = dir
	var stdout bytes.Buffer
	stderr := &awaited{text: "running", seen: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	limit := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	select {
	case <-stderr.seen:
		during()
	case err := <-ended:
		t.Fatalf("probehost did not start: %v\n%s", err, stderr)
	}
	if err := <-ended; err != nil {
		t.Errorf("probehost: %v\n%s", err, stderr)
	}
	return stdout.String()
}

// awaited is a writer that says when it has seen a text.
type awaited struct {
	text string
	seen chan struct{}

	mu  sync.Mutex
	all bytes.Buffer
}

var _ io.Writer = (*awaited)(nil)

func (a *awaited) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := bytes.Contains(a.all.Bytes(), []byte(a.text))
	a.all.Write(p)
	if !before && bytes.Contains(a.all.Bytes(), []byte(a.text)) {
		close(a.seen)
	}
	return len(p), nil
}

func (a *awaited) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all.String()
}

// CodeBlocks returns the fenced blocks of a Markdown file that are marked with the language.
func CodeBlocks(t *testing.T, file, language string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		block, _, closed := strings.Cut(part, "\n```")
		if !closed {
			t.Fatalf("%s: a block does not end", file)
		}
		blocks = append(blocks, block+"\n")
	}
	return blocks
}
