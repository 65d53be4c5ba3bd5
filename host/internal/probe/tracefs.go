package probe

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

// tracefsPaths are where the kernel's list of tracepoints may be mounted; the second is older.
var tracefsPaths = []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}

var tracefsMount sync.Mutex

// needTracefs returns where tracefs is, mounting it if it is nowhere and this process may.
func needTracefs(log hclog.Logger) (string, error) {
	tracefsMount.Lock()
	defer tracefsMount.Unlock()
	if path := findTracefs(); path != "" {
		return path, nil
	}
	path := tracefsPaths[0]
	err := unix.Mount("tracefs", path, "tracefs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	switch {
	case err == nil:
		log.Info("mounted tracefs, which lists the kernel's tracepoints", "path", path)
		return path, nil
	case errors.Is(err, unix.ENODEV):
		return "", &Error{What: "this kernel is built without tracefs, so it has no tracepoints to attach to by name",
			Cure: "use a raw tracepoint program (SEC(\"raw_tp/...\")), which needs none", Err: err}
	default:
		return "", &Error{What: "tracefs, which lists the kernel's tracepoints, is not mounted",
			Cure: "mount it with `mount -t tracefs tracefs " + path + "`", Err: err}
	}
}

// findTracefs returns where tracefs is mounted, or nothing.
func findTracefs() string {
	for _, path := range tracefsPaths {
		var st unix.Statfs_t
		if unix.Statfs(path, &st) == nil && uint32(st.Type) == unix.TRACEFS_MAGIC {
			return path
		}
	}
	return ""
}

// tracepointNames lists the kernel's tracepoints as "category/name", as far as tracefs can be read.
func tracepointNames() []string {
	root := findTracefs()
	if root == "" {
		return nil
	}
	events := filepath.Join(root, "events")
	categories, err := os.ReadDir(events)
	if err != nil {
		return nil
	}
	var names []string
	for _, category := range categories {
		entries, err := os.ReadDir(filepath.Join(events, category.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, category.Name()+"/"+e.Name())
			}
		}
	}
	return names
}

// rawTracepointNames lists them without their category.
func rawTracepointNames() []string {
	names := tracepointNames()
	for i, n := range names {
		names[i] = n[strings.LastIndexByte(n, '/')+1:]
	}
	return names
}
