package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk/sdktest"
)

// errorsLogged counts the errors in the log.
func errorsLogged(run *sdktest.Run) (n int, text string) {
	for _, l := range run.Logs() {
		if l.Level == "error" {
			n++
			text += l.Message + " " + toString(l.Attrs["error"]) + "\n"
		}
	}
	return n, text
}

func toString(v any) string {
	s, _ := v.(string)
	return s
}

func TestDeviceFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skipf("needs /dev/full: %v", err)
	}
	s := connects()
	run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"output": "/dev/full", "flush": 10 * time.Millisecond}}, s)
	for range 5 {
		run.Send(s, object{"pid": 1}, object{"pid": 2})
		run.Stdout()
		time.Sleep(100 * time.Millisecond)
	}
	if n, text := errorsLogged(run); n != 1 || !strings.Contains(text, "free some space") {
		t.Errorf("%d errors logged, want 1 about space:\n%s", n, text)
	}
	if n := run.Failed(); n != 0 {
		t.Errorf("%d records failed: an outage of the file is not the events' fault", n)
	}
	run.Close()
	if _, text := errorsLogged(run); !strings.Contains(text, "10 lines lost") {
		t.Errorf("the log does not say how many lines are lost:\n%s", text)
	}
}

// The whole plugin on a file system that is full and then is not.
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
	if err := os.WriteFile(ballast, make([]byte, 32<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log")
	s := connects()
	run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"output": path, "flush": 10 * time.Millisecond, "fields": []any{"pid"}}}, s)
	const sent = 2000
	for i := range sent {
		run.Send(s, object{"pid": i})
	}
	run.Stdout()
	time.Sleep(50 * time.Millisecond)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(content(t, path), "lost_lines") {
		if time.Now().After(deadline) {
			t.Fatalf("the file does not go on; log: %v", run.Logs())
		}
		time.Sleep(20 * time.Millisecond)
	}
	run.Send(s, object{"pid": 12345})
	run.Close()

	lines := strings.Split(strings.TrimSuffix(content(t, path), "\n"), "\n")
	whole := 0
	for ; whole < len(lines) && lines[whole] == `{"stream":"tcp.connects","pid":`+strconv.Itoa(whole)+`}`; whole++ {
	}
	want := []string{`{"lost_lines":` + strconv.Itoa(sent-whole) + `}`, `{"stream":"tcp.connects","pid":12345}`}
	if got := strings.Join(lines[whole:], "\n"); whole == 0 || got != strings.Join(want, "\n") {
		t.Errorf("after %d lines:\n%s\nwant\n%s", whole, got, strings.Join(want, "\n"))
	}
	if n, text := errorsLogged(run); n != 1 {
		t.Errorf("%d errors logged, want 1:\n%s", n, text)
	}
}

func TestPipeReaderGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open := func() *os.File {
		r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	read := func(r *os.File) string {
		if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 4096)
		for {
			n, err := r.Read(buf)
			if n > 0 {
				return string(buf[:n])
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("nothing to read")
			}
			time.Sleep(5 * time.Millisecond) // nobody has the other end open at the moment
		}
	}
	s := connects()
	r := open()
	run := sdktest.Open(t, loggerType, sdktest.Options{Config: object{"output": path, "flush": 10 * time.Millisecond, "fields": []any{"pid"}}}, s)
	run.Send(s, object{"pid": 1})
	if got, want := read(r), "{\"stream\":\"tcp.connects\",\"pid\":1}\n"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	run.Send(s, object{"pid": 2})
	run.Stdout()
	for n := 0; n == 0; n, _ = errorsLogged(run) {
		time.Sleep(5 * time.Millisecond)
	}
	r = open()
	defer r.Close()
	if got, want := read(r), "{\"lost_lines\":1}\n"; got != want {
		t.Errorf("a new reader gets %q, want %q", got, want)
	}
	run.Send(s, object{"pid": 3})
	if got, want := read(r), "{\"stream\":\"tcp.connects\",\"pid\":3}\n"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
}

// choosy is a standard output that fails for a while.
type choosy struct {
	text    string
	failing bool
}

func (c *choosy) Write(p []byte) (int, error) {
	if c.failing {
		return 0, errors.New("full")
	}
	c.text += string(p)
	return len(p), nil
}

func TestStdoutOutage(t *testing.T) {
	w := &choosy{}
	s := &stdout{w: w, notice: linefile.JSONNotice}
	s.append([]byte("1\n"))
	w.failing = true
	s.append([]byte("2\n3\n"))
	s.append([]byte("4\n"))
	if err := s.close(t.Context()); err == nil {
		t.Error("closing during an outage is no error")
	}
	w.failing = false
	s.append([]byte("5\n"))
	s.append([]byte("6\n"))
	if want := "1\n{\"lost_lines\":3}\n5\n6\n"; w.text != want {
		t.Errorf("written %q, want %q", w.text, want)
	}
}
