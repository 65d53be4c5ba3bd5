package plugins_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// probes are what the examples in the READMEs refer to.
const probes = `
probe "packets" {
  object = builtin.packets
  attach "count_packets" {
    interface = "lo"
  }
  stream "protocols" {
    every = "1s"
  }
}
probe "exec" {
  object = builtin.exec
}
probe "connect" {
  object   = builtin.tcp_connect
  first_of = ["connect_fentry", "connect_kprobe", "connect_tracepoint"]
}
`

// Every configuration in a README is one that probehost takes.
func TestReadmesAreValid(t *testing.T) {
	bin := t.TempDir()
	build := func(out, pkg string) {
		cmd := exec.Command("go", "build", "-o", filepath.Join(bin, out), pkg)
		cmd.Dir = ".."
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, text)
		}
	}
	build("probehost", "./host")
	readmes, err := filepath.Glob("*/README.md")
	if err != nil || len(readmes) == 0 {
		t.Fatalf("no READMEs: %v", err)
	}
	for _, readme := range readmes {
		name := filepath.Dir(readme)
		t.Run(name, func(t *testing.T) {
			build(filepath.Join("plugins", name), "./plugins/"+name)
			text, err := os.ReadFile(readme)
			if err != nil {
				t.Fatal(err)
			}
			_, block, found := strings.Cut(string(text), "\n```hcl\n")
			block, _, closed := strings.Cut(block, "\n```")
			if !found || !closed {
				t.Fatalf("%s has no example", readme)
			}
			// Files are written where the test may write.
			block = strings.ReplaceAll(block, "/var/log/probehost", t.TempDir())
			config := filepath.Join(t.TempDir(), "probes.hcl")
			if err := os.WriteFile(config, []byte(probes+block+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(bin, "probehost"), "validate", config)
			cmd.Env = append(os.Environ(), "ALERT_URL=https://example.org/hook", "ALERT_TOKEN=secret")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
