package cli

import (
	"os"
	"strings"
	"testing"
)

// Sockets lie where nobody else can put things in their place.
func TestPrivate(t *testing.T) {
	for name, tt := range map[string]struct {
		mode  os.FileMode
		owner int
		want  string // in the error; empty: none
	}{
		"own":                   {0o700, os.Geteuid(), ""},
		"readable":              {0o755, os.Geteuid(), ""},
		"shared and sticky":     {0o777 | os.ModeSticky, os.Geteuid(), ""},
		"writable by all":       {0o777, os.Geteuid(), "can be written by others"},
		"writable by the group": {0o770, os.Geteuid(), "can be written by others"},
		"of somebody else":      {0o700, 65534, "belongs to user 65534"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, tt.mode); err != nil {
				t.Fatal(err)
			}
			if tt.owner != os.Geteuid() {
				if err := os.Chown(dir, tt.owner, -1); err != nil {
					t.Skipf("giving a folder away needs root: %v", err)
				}
			}
			err := private(dir)
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
