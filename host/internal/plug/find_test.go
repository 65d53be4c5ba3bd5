package plug

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folders makes two folders of plugins: both have counter, the second logger too, and things that are no plugins.
func folders(t *testing.T) (first, second string) {
	t.Helper()
	first, second = t.TempDir(), t.TempDir()
	for path, mode := range map[string]fs.FileMode{
		filepath.Join(first, "counter"): 0o755, filepath.Join(first, "readme.md"): 0o755, filepath.Join(first, "notes"): 0o644,
		filepath.Join(second, "counter"): 0o755, filepath.Join(second, "logger"): 0o755,
	} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(second, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	return first, second
}

func TestFind(t *testing.T) {
	first, second := folders(t)
	dirs := []string{filepath.Join(first, "missing"), first, second}
	for _, test := range []struct {
		test, name, path string
		want             string // path, or part of the error
		is               error
	}{
		{test: "first", name: "counter", want: filepath.Join(first, "counter")},
		{test: "second", name: "logger", want: filepath.Join(second, "logger")},
		{test: "explicit", name: "other", path: filepath.Join(second, "logger"), want: filepath.Join(second, "logger")},
		{test: "explicit missing", name: "other", path: filepath.Join(second, "x"), want: "file does not exist", is: fs.ErrNotExist},
		{test: "explicit folder", name: "other", path: second, want: "is a folder"},
		{test: "not executable", name: "notes", want: "chmod +x", is: fs.ErrPermission},
		{test: "missing", name: "alert", want: `no plugin "alert"; there are counter, logger (looked in ` + strings.Join(dirs, ", ") +
			`; set PROBEHOST_PLUGIN_PATH, or path in a block plugin "alert")`, is: fs.ErrNotExist},
		{test: "slash", name: "../counter", want: "are allowed, not '.'"},
		{test: "dot", name: "readme.md", want: "are allowed, not '.'"},
		{test: "empty", want: "1 to 64 characters"},
	} {
		t.Run(test.test, func(t *testing.T) {
			path, err := Find(test.name, test.path, dirs)
			switch {
			case filepath.IsAbs(test.want):
				if err != nil || path != test.want {
					t.Errorf("got %q, %v, want %s", path, err, test.want)
				}
			case err == nil || !strings.Contains(err.Error(), test.want):
				t.Errorf("got %v, want %s", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v does not wrap %v", err, test.is)
			}
		})
	}
}

func TestList(t *testing.T) {
	first, second := folders(t)
	want := []Found{{"counter", filepath.Join(first, "counter")}, {"logger", filepath.Join(second, "logger")}}
	if got := List([]string{first, filepath.Join(first, "missing"), second}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDirectories(t *testing.T) {
	t.Setenv(PathVariable, "/a/b::/c/")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(exe)
	want := []string{"/a/b", "/c", dir + "/plugins", filepath.Dir(dir) + "/libexec/probehost/plugins"}
	if got := Directories(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
