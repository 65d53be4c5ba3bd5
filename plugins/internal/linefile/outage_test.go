package linefile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDeviceFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skipf("needs /dev/full: %v", err)
	}
	f, log, wait := opened(t, "/dev/full")
	for range 5 {
		f.Append([]byte("one\ntwo\n"))
		wait(maxPause)
	}
	if f.Lost() != 10 || errorsIn(log) != 1 {
		t.Errorf("Lost() = %d, %d errors logged, want 10 and 1:\n%s", f.Lost(), errorsIn(log), log)
	}
	if !strings.Contains(log.String(), "no space left on device: free some space") {
		t.Errorf("the log does not say what is wrong:\n%s", log)
	}
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "10 lines lost") {
		t.Errorf("Close() = %v, want the number of lost lines", err)
	}
}

// fill appends numbered lines of 37 bytes until the file fails, and returns how many it appended.
func fill(t *testing.T, f *File) int {
	t.Helper()
	for i := 0; i < 100_000; i += 100 {
		var lines bytes.Buffer
		for j := range 100 {
			fmt.Fprintf(&lines, "%036d\n", i+j)
		}
		f.Append(lines.Bytes())
		if f.Failing() {
			return i + 100
		}
	}
	t.Fatal("the file never became full")
	return 0
}

// checkWhole asserts that the file holds the first lines of fill, one notice, and then rest, and nothing torn.
func checkWhole(t *testing.T, path string, appended int, rest string) {
	t.Helper()
	lines := strings.SplitAfter(content(t, path), "\n")
	n := 0
	for ; n < len(lines) && lines[n] == fmt.Sprintf("%036d\n", n); n++ {
	}
	want := fmt.Sprintf("lost %d\n", appended-n) + rest
	if got := strings.Join(lines[n:], ""); got != want {
		t.Errorf("after %d of %d lines the file holds %q, want %q", n, appended, got, want)
	}
	if n == 0 {
		t.Error("no line reached the file")
	}
}

func TestSizeLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, log, wait := opened(t, path)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 10_000, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	appended := fill(t, f)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	wait(maxPause)
	f.Append([]byte("after\n"))
	checkWhole(t, path, appended, "after\n")
	if errorsIn(log) != 1 {
		t.Errorf("want one error, got log:\n%s", log)
	}
}

func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a tmpfs needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log")
	f, log, wait := opened(t, path)
	appended := fill(t, f)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	wait(maxPause)
	f.Append([]byte("after\n"))
	checkWhole(t, path, appended, "after\n")
	if errorsIn(log) != 1 || !strings.Contains(log.String(), "no space left") {
		t.Errorf("want one error about space, got log:\n%s", log)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// A file that has room for a short line now and then, and for no more, is one outage.
func TestAlmostFull(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f, log, wait := opened(t, path)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { limit(old.Cur) })
	long := bytes.Repeat([]byte("0123456789012345678\n"), 10)
	limit(90)
	for i := range uint64(5) {
		limit(90 + 30*i) // room for a notice and a line
		wait(maxPause)
		f.Append(long)
	}
	limit(old.Cur)
	wait(maxPause)
	f.Append([]byte("after\n"))
	if errorsIn(log) != 1 || strings.Count(log.String(), "file works again") != 1 {
		t.Errorf("want one outage, got log:\n%s", log)
	}
	text := content(t, path)
	var told, lost uint64
	for line := range strings.Lines(text) {
		if n, _ := fmt.Sscanf(line, "lost %d\n", &lost); n == 1 {
			told += lost
		}
	}
	if whole := uint64(strings.Count(text, "0123456789012345678\n")); whole+f.Lost() != 50 || told != f.Lost() {
		t.Errorf("%d of 50 lines in the file, %d lost, %d of them told:\n%s", whole, f.Lost(), told, text)
	}
}

// An outage that comes back soon is waited for longer than a new one.
func TestOutagesInARow(t *testing.T) {
	path := pipe(t)
	f, log, wait := opened(t, path)
	for range 3 { // each time there is a reader just long enough for the line that tells of the outage
		r := reader(t, path)
		wait(maxPause / 2)
		f.Append(nil)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		f.Append([]byte("x\n"))
	}
	if f.pause != 8*firstPause {
		t.Errorf("after 4 outages in a row the pause is %s, want %s", f.pause, 8*firstPause)
	}
	r := reader(t, path)
	wait(maxPause / 2)
	f.Append(nil)
	wait(2 * maxPause)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.Append([]byte("x\n"))
	if f.pause != firstPause {
		t.Errorf("after a time without an outage the pause is %s, want %s:\n%s", f.pause, firstPause, log)
	}
}

func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func reader(t *testing.T, path string) *os.File {
	t.Helper()
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r *os.File) string {
	t.Helper()
	buf := make([]byte, 1<<20)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestPipeReaderComesAndGoes(t *testing.T) {
	path := pipe(t)
	f, log, wait := opened(t, path) // nobody reads yet
	f.Append([]byte("early\n"))
	r := reader(t, path)
	wait(maxPause)
	f.Append([]byte("one\n"))
	if got, want := read(t, r), "lost 1\none\n"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.Append([]byte("two\nthree\n"))
	if !f.Failing() || f.Lost() != 3 {
		t.Errorf("without a reader: Failing() = %v, Lost() = %d, want true, 3", f.Failing(), f.Lost())
	}
	r = reader(t, path)
	defer r.Close()
	wait(maxPause)
	f.Append([]byte("four\n"))
	if got, want := read(t, r), "lost 2\nfour\n"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	if errorsIn(log) != 2 || !strings.Contains(log.String(), "broken pipe") {
		t.Errorf("want an error for each of two outages, got log:\n%s", log)
	}
}

func TestPipeFullDoesNotBlockForEver(t *testing.T) {
	path := pipe(t)
	r := reader(t, path)
	defer r.Close()
	f, log, _ := opened(t, path)
	f.now = time.Now                                      // deadlines need the real clock
	lines := bytes.Repeat([]byte("0123456789\n"), 20_000) // more than a pipe holds
	f.Append(lines)
	if !f.Failing() || !strings.Contains(log.String(), "does not keep up") {
		t.Fatalf("Failing() = %v, log:\n%s", f.Failing(), log)
	}
	got := read(t, r)
	f.Append([]byte("x\n"))
	if n := strings.Count(got, "\n"); uint64(20_000-n)+1 != f.Lost() {
		t.Errorf("%d lines read, Lost() = %d of 20001", n, f.Lost())
	}
}
