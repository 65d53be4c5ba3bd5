package plug

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	// maxSocketPath is the room for a path in struct sockaddr_un, without the NUL.
	maxSocketPath = 107
	// socketName is the longest name that go-plugin gives a socket: "plugin" and the digits of an uint32.
	socketName = len("plugin4294967295")
	dirName    = len("p4294967295") // likewise, of a folder that socketDir makes
)

// socketDir makes a folder below dir, which it makes too if need be, that only this user can enter.
func socketDir(dir string) (string, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("runtime_dir: %w", err)
	}
	if longest := maxSocketPath - dirName - socketName - 2; len(dir) > longest {
		return "", fmt.Errorf("runtime_dir %s has %d characters; a path to a socket below it may only be %d long, so choose one of at most %d, such as /run/probehost",
			dir, len(dir), maxSocketPath, longest)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("runtime_dir: %w; choose a folder that can be written", err)
	}
	path, err := os.MkdirTemp(dir, "p")
	if err != nil {
		return "", fmt.Errorf("runtime_dir: %w; choose a folder that can be written", err)
	}
	return path, nil
}
