package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// The configuration that comes with probehost fits the plugins that come with it, and is formatted.
func TestStockConfiguration(t *testing.T) {
	const stock = "../../../probes.hcl"
	for name, args := range map[string][]string{"validate": {"validate", stock}, "fmt": {"fmt", "--check", stock}} {
		t.Run(name, func(t *testing.T) {
			if out, err := exec.Command(filepath.Join(bin, "probehost"), args...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
