package sdk_test

import (
	"os/exec"
	"strings"
	"testing"
)

// What a plugin imports stays small: no kernel, no HCL, no metrics.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".", "./record", "./expr", "./wire").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	banned := []string{
		"github.com/cilium/", "github.com/hashicorp/hcl", "github.com/zclconf/go-cty", "github.com/prometheus/", "github.com/spf13/",
		"github.com/vishvananda/", "github.com/probehost/probehost/host",
	}
	packages := strings.Fields(string(out))
	if len(packages) < 50 {
		t.Fatalf("go list names only %d packages", len(packages))
	}
	for _, p := range packages {
		for _, b := range banned {
			if strings.HasPrefix(p, b) {
				t.Errorf("package sdk imports %s", p)
			}
		}
	}
}
