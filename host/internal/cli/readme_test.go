package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/plan"
)

// TestReadme checks that what the README shows of the configuration is right, as far as no plugin is asked.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("no configuration is shown")
	}
	for i, block := range blocks {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if !bytes.Equal(hclwrite.Format(block[1]), block[1]) {
				t.Error("it is not formatted")
			}
			path := filepath.Join(t.TempDir(), "probes.hcl")
			if err := os.WriteFile(path, block[1], 0o600); err != nil {
				t.Fatal(err)
			}
			c, diags := config.Load(path)
			_, more := plan.Sources(c)
			if diags = append(diags, more...); len(diags) > 0 {
				t.Error(diags)
			}
		})
	}
}
