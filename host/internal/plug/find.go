package plug

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/probehost/probehost/sdk/wire"
)

// PathVariable is the environment variable with folders to look for plugins in, separated by colons. They come before the others.
const PathVariable = "PROBEHOST_PLUGIN_PATH"

// Found is a plugin in one of the folders.
type Found struct {
	Name string
	Path string
}

// NotFoundError says that no folder has the plugin. It wraps [os.ErrNotExist].
type NotFoundError struct {
	Name   string
	Dirs   []string // where it was looked for
	Others []string // names of the plugins that are there
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no plugin %q", e.Name)
	if len(e.Others) > 0 {
		fmt.Fprintf(&b, "; there are %s", strings.Join(e.Others, ", "))
	}
	fmt.Fprintf(&b, " (looked in %s; set %s, or path in a block plugin %q)", strings.Join(e.Dirs, ", "), PathVariable, e.Name)
	return b.String()
}

func (e *NotFoundError) Unwrap() error { return os.ErrNotExist }

// Directories returns the folders to look for plugins in, first the first: those of [PathVariable], and those beside the host's executable,
// as it is built (plugins) and as it is installed (../libexec/probehost/plugins).
func Directories() []string {
	var dirs []string
	for _, dir := range filepath.SplitList(os.Getenv(PathVariable)) {
		if dir != "" {
			dirs = append(dirs, filepath.Clean(dir))
		}
	}
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dir := filepath.Dir(exe)
		dirs = append(dirs, filepath.Join(dir, "plugins"), filepath.Join(filepath.Dir(dir), "libexec", "probehost", "plugins"))
	}
	return dirs
}

// Find returns the executable of the plugin of that name: path, if it is given, else the first in dirs, usually [Directories].
// A plugin that [wire.ReattachVariable] names needs no executable; the result then says so.
func Find(name, path string, dirs []string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if _, ok, err := reattachment(name); err != nil {
		return "", err
	} else if ok {
		return "(" + wire.ReattachVariable + ")", nil
	}
	if path != "" {
		return path, checkExecutable(path)
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		err := checkExecutable(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return path, err
	}
	e := &NotFoundError{Name: name, Dirs: dirs}
	for _, f := range List(dirs) {
		e.Others = append(e.Others, f.Name)
	}
	return "", e
}

// List returns the plugins in dirs, sorted by name. Of several with one name the first counts, as in [Find]. Folders that cannot be read
// are left out.
func List(dirs []string) []Found {
	byName := map[string]Found{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if _, taken := byName[e.Name()]; taken || checkName(e.Name()) != nil || checkExecutable(path) != nil {
				continue
			}
			byName[e.Name()] = Found{Name: e.Name(), Path: path}
		}
	}
	all := make([]Found, 0, len(byName))
	for _, f := range byName {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Found) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// checkName refuses what could lead out of a folder.
func checkName(name string) error {
	if name == "" || len(name) > 64 {
		return fmt.Errorf("plugin name %q: it must have 1 to 64 characters", name)
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return fmt.Errorf("plugin name %q: only letters, digits, - and _ are allowed, not %q", name, r)
		}
	}
	return nil
}

func checkExecutable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("plugin file %s: %w", path, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("plugin: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("plugin file %s is %s", path, kindOf(info.Mode()))
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("plugin file %s: %w: chmod +x makes it executable", path, fs.ErrPermission)
	}
	return nil
}

func kindOf(m fs.FileMode) string {
	if m.IsDir() {
		return "a folder"
	}
	return "a special file"
}
