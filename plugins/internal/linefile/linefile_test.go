package linefile

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// opened is a File whose clock stands until the test moves it, and the log that it writes.
func opened(t *testing.T, path string) (*File, *bytes.Buffer, func(time.Duration)) {
	t.Helper()
	var log bytes.Buffer
	f, err := Open(Options{
		Path:   path,
		Log:    slog.New(slog.NewTextHandler(&log, nil)),
		Notice: func(dst []byte, lost uint64) []byte { return fmt.Appendf(dst, "lost %d\n", lost) },
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	f.now = func() time.Time { return now }
	return f, &log, func(d time.Duration) { now = now.Add(d) }
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func errorsIn(log *bytes.Buffer) int { return strings.Count(log.String(), "level=ERROR") }

func TestAppendFollowsThePath(t *testing.T) {
	cases := map[string]struct {
		disturb func(t *testing.T, path string)
		want    string
		moved   string // what path+".1" holds then
	}{
		"left alone": {func(*testing.T, string) {}, "one\ntwo\n", ""},
		"moved": {func(t *testing.T, path string) {
			if err := os.Rename(path, path+".1"); err != nil {
				t.Fatal(err)
			}
		}, "two\n", "one\n"},
		"deleted": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "two\n", ""},
		"replaced": {func(t *testing.T, path string) {
			if err := os.Rename(path, path+".1"); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("other\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "other\ntwo\n", "one\n"},
		"emptied": {func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}, "two\n", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			f, log, _ := opened(t, path)
			f.Append([]byte("one\n"))
			c.disturb(t, path)
			f.Append([]byte("two\n"))
			if got := content(t, path); got != c.want {
				t.Errorf("file holds %q, want %q", got, c.want)
			}
			if c.moved != "" && content(t, path+".1") != c.moved {
				t.Errorf("moved file holds %q, want %q", content(t, path+".1"), c.moved)
			}
			if f.Size() != int64(len(c.want)) {
				t.Errorf("Size() = %d, want %d", f.Size(), len(c.want))
			}
			if err := f.Close(); err != nil || log.Len() > 0 {
				t.Errorf("Close() = %v, log %q", err, log)
			}
		})
	}
}

func TestOpenStartsOnANewLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("whole\nhal"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, _, _ := opened(t, path)
	f.Append([]byte("next\n"))
	if got, want := content(t, path), "whole\nhal\nnext\n"; got != want {
		t.Errorf("file holds %q, want %q", got, want)
	}
}

func TestVanishedFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sub")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log")
	f, log, wait := opened(t, path)
	f.Append([]byte("one\n"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	f.Append([]byte("two\nthree\n"))
	wait(firstPause)
	f.Append([]byte("four\n")) // tried, fails again
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.Append([]byte("five\n")) // still in the pause
	if !f.Failing() || f.Lost() != 4 {
		t.Errorf("Failing() = %v, Lost() = %d, want true, 4", f.Failing(), f.Lost())
	}
	wait(2 * firstPause)
	f.Append([]byte("six\n"))
	if got, want := content(t, path), "lost 4\nsix\n"; got != want {
		t.Errorf("file holds %q, want %q", got, want)
	}
	if errorsIn(log) != 1 || !strings.Contains(log.String(), "lost_lines=4") {
		t.Errorf("want one error and a message about 4 lines, got log:\n%s", log)
	}
}

func TestAppendNothingEndsAnOutage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f, _, wait := opened(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	f.Append([]byte("one\n"))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wait(firstPause)
	f.Append(nil)
	if got := content(t, path); got != "lost 1\n" || f.Failing() {
		t.Errorf("file holds %q, Failing() = %v", got, f.Failing())
	}
}

func TestOpenErrorsSayTheCure(t *testing.T) {
	dir := t.TempDir()
	cases := map[string]struct{ path, want string }{
		"no folder": {filepath.Join(dir, "none", "log"), "does not exist: create it first"},
		"a folder":  {dir, "is a folder: name a file in it"},
		"in a file": {"/dev/null/log", "not a directory"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if err := Validate(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Validate(%s) = %v, want %q", c.path, err, c.want)
			}
			if f, err := Open(Options{Path: c.path, Log: slog.New(slog.DiscardHandler)}); err == nil {
				f.Close()
				t.Errorf("Open(%s) succeeded", c.path)
			}
		})
	}
	fine := filepath.Join(dir, "log")
	if err := Validate(fine); err != nil {
		t.Errorf("Validate(%s) = %v", fine, err)
	}
	if _, err := os.Stat(fine); err == nil {
		t.Error("Validate created the file")
	}
}
