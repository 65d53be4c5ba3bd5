package console

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// screen interprets the few sequences that a console writes, as a terminal does.
func screen(t *testing.T, out string) []string {
	t.Helper()
	rows, row := []string{""}, 0
	for len(out) > 0 {
		var n int
		if strings.HasPrefix(out, "\x1b[J") {
			rows = append(rows[:row], "")
			out = out[3:]
		} else if _, err := fmt.Sscanf(out, "\x1b[%dA", &n); err == nil {
			if row -= n; row < 0 {
				t.Fatalf("cursor moved above the screen by %d rows", -row)
			}
			out = out[strings.IndexByte(out, 'A')+1:]
		} else if out[0] == '\r' {
			out = out[1:]
		} else if out[0] == '\n' {
			if row++; row == len(rows) {
				rows = append(rows, "")
			}
			out = out[1:]
		} else if out[0] < ' ' {
			t.Fatalf("control character %q in the output", out[0])
		} else {
			rows[row] += out[:1]
			out = out[1:]
		}
	}
	return rows[:len(rows)-1]
}

func terminal(width, height int) (*Console, *bytes.Buffer) {
	var out bytes.Buffer
	return &Console{out: &out, tty: true, size: func() (int, int) { return width, height }}, &out
}

func TestTerminal(t *testing.T) {
	c, out := terminal(10, 6)
	c.Print("log", []byte("first\n"))
	c.Live("count", []byte("a table\nof two rows\n"))
	c.Print("log", []byte("second, without newline"))
	c.Live("other", []byte("tcp 1"))
	fmt.Fprintln(c.Log(), "from the host")
	c.Live("count", []byte("a table\nof\nthree rows, cut\n"))
	time.Sleep(2 * redraw)
	c.Print("log", []byte("evil \x1b[2J\x07\u009btext\xff\ttab\n"))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"first", "second, without newline", "from the host", "evil [2Jtext? tab",
		"a table", "of", "three rows", "tcp 1",
	}
	got := screen(t, out.String())
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("screen\n%q, want\n%q", got, want)
	}
}

func TestTerminalTooLow(t *testing.T) {
	c, out := terminal(80, 3)
	c.Live("count", []byte("1\n2\n3\n4\n"))
	time.Sleep(redraw)
	c.Live("count", []byte("5\n6\n7\n8\n"))
	c.Close()
	if got := screen(t, out.String()); strings.Join(got, "|") != "5|6" {
		t.Errorf("screen %q", got)
	}
}

func TestRedrawIsPaced(t *testing.T) {
	c, out := terminal(80, 24)
	for range 1000 {
		c.Live("count", []byte("x"))
	}
	if n := strings.Count(out.String(), "x"); n > 20 {
		t.Errorf("drawn %d times at once", n)
	}
	c.Close()
}

func TestFile(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	failed := make(chan error, 2)
	c := New(w, w, func(err error) { failed <- err })
	if _, _, ok := c.Terminal(); ok {
		t.Fatal("a pipe is no terminal")
	}
	c.Print("log", []byte("line\n"))
	c.Live("count", []byte("table"))
	buf := make([]byte, 100)
	var got []byte
	for len(got) < len("line\ntable\n") {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != "line\ntable\n" {
		t.Errorf("got %q", got)
	}
	w.Close()
	c.Print("log", []byte("nobody\n"))
	c.Print("log", []byte("reads this\n"))
	if err := <-failed; !errors.Is(err, os.ErrClosed) {
		t.Errorf("failed with %v", err)
	}
	if c.Close() == nil || len(failed) > 0 {
		t.Error("the failure is told once, and by Close")
	}
}
