package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/probehost/probehost/examples/internal/exampletest"
)

// What the README shows is what is here.
func TestReadmeShowsTheFiles(t *testing.T) {
	for file, language := range map[string]string{"main.go": "go", "main_test.go": "go", "probes.hcl": "hcl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(exampletest.CodeBlocks(t, "README.md", language), string(text)) {
			t.Errorf("README.md does not show %s as it is", file)
		}
	}
	if text, err := os.ReadFile("main.go"); err != nil || strings.Count(string(text), "\n") >= 40 {
		t.Errorf("main.go has 40 lines or more (%v)", err)
	}
}

// The way of the README: an empty folder, a module of its own, tests, and a run in the kernel.
func TestFromAnEmptyFolder(t *testing.T) {
	exampletest.NeedRoot(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin, dir := t.TempDir(), t.TempDir()
	probehost := filepath.Join(bin, "probehost")
	exampletest.Build(t, probehost, "./host")

	exampletest.Copy(t, dir, "main.go", "main_test.go", "probes.hcl")
	t.Setenv("GOFLAGS", "-mod=mod")
	exampletest.Go(t, dir, "mod", "init", "example.org/hello")
	exampletest.Go(t, dir, "mod", "edit", "-require=github.com/probehost/probehost@v0.0.0", "-replace=github.com/probehost/probehost="+root)
	exampletest.Copy(t, dir, filepath.Join(root, "go.sum")) // what `go mod tidy` would fetch is here already
	exampletest.Go(t, dir, "test", "./...")
	exampletest.Go(t, dir, "build", "-o", "hello", ".")

	greeted := filepath.Join(dir, "greeted")
	if err := os.Symlink("/bin/true", greeted); err != nil {
		t.Fatal(err)
	}
	var want string
	got := exampletest.Run(t, probehost, dir, func() {
		cmd := exec.Command(greeted)
		if err := cmd.Run(); err != nil {
			t.Error(err)
			return
		}
		want = fmt.Sprintf("hi, greeted (pid %d)\n", cmd.Process.Pid)
	})
	if !strings.Contains(got, want) {
		t.Errorf("no line %q in\n%s", want, got)
	}
}
