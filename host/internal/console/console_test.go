package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// show interprets the few sequences that a console writes, as a terminal does, and returns its rows.
func show(t *testing.T, out string) []string {
	t.Helper()
	rows, row := []string{""}, 0
	wraps := true
	for len(out) > 0 {
		var n int
		if rest, ok := strings.CutPrefix(out, "\x1b[J"); ok {
			rows = append(rows[:row], "")
			out = rest
		} else if rest, ok := strings.CutPrefix(out, "\x1b[?7l"); ok {
			wraps, out = false, rest
		} else if rest, ok := strings.CutPrefix(out, "\x1b[?7h"); ok {
			wraps, out = true, rest
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
	if !wraps {
		t.Error("the terminal is left without automatic line breaks")
	}
	return rows[:len(rows)-1]
}

// terminal returns a console on a terminal of that size.
func terminal(t *testing.T, width, height int) (*Console, *bytes.Buffer) {
	var out bytes.Buffer
	c := newConsole(&out, &screen{size: func() (int, int) { return width, height }}, func(err error) { t.Error(err) })
	return c, &out
}

func closed(t *testing.T, c *Console) {
	t.Helper()
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, out := terminal(t, 10, 6)
		c.Print(t.Context(), "log", []byte("first\n"))
		c.Live(t.Context(), "count", []byte("a table\nof two rows\n"))
		c.Print(t.Context(), "log", []byte("second, without newline"))
		c.Live(t.Context(), "other", []byte("tcp 1"))
		fmt.Fprintln(c.Log(), "from the host")
		time.Sleep(2 * redraw)
		synctest.Wait()
		c.Live(t.Context(), "count", []byte("a table\nof\nthree rows, cut\n"))
		time.Sleep(2 * redraw)
		synctest.Wait()
		if got, want := show(t, out.String()), "first|second, without newline|from the host|a table|of|three rows|tcp 1"; strings.Join(got, "|") != want {
			t.Errorf("screen\n%q, want\n%q", got, want)
		}
		c.Print(t.Context(), "log", []byte("evil \x1b[2J\x07\u009b\u202etext\xff\ttab\n"))
		c.Live(t.Context(), "other", nil)
		c.Settle()
		fmt.Fprintln(c.Log(), "the end")
		closed(t, c)
		want := "first|second, without newline|from the host|evil [2Jtext? tab|a table|of|three rows, cut|the end"
		if got := show(t, out.String()); strings.Join(got, "|") != want {
			t.Errorf("screen\n%q, want\n%q", got, want)
		}
	})
}

func TestTerminalTooLow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, out := terminal(t, 80, 3)
		c.Live(t.Context(), "count", []byte("1\n2\n3\n4\n"))
		time.Sleep(2 * redraw)
		synctest.Wait()
		c.Live(t.Context(), "count", []byte("5\n6\n7\n8\n"))
		time.Sleep(2 * redraw)
		synctest.Wait()
		if got := show(t, out.String()); strings.Join(got, "|") != "5|6" {
			t.Errorf("screen %q", got)
		}
		closed(t, c)
		if got := show(t, out.String()); strings.Join(got, "|") != "5|6|7|8" {
			t.Errorf("at the end %q", got)
		}
	})
}

func TestRedrawIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, out := terminal(t, 80, 24)
		for range 1000 {
			c.Live(t.Context(), "count", []byte("x"))
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := strings.Count(out.String(), "x"); n < 15 || n > 25 {
			t.Errorf("drawn %d times in a second", n)
		}
		closed(t, c)
	})
}

func TestPipe(t *testing.T) {
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
	c.Print(t.Context(), "log", []byte("line\n"))
	fmt.Fprintln(c.Log(), "logged") // into the same pipe: the order stays
	c.Live(t.Context(), "count", []byte("table"))
	const want = "line\nlogged\ntable\n"
	var got []byte
	for buf := make([]byte, 100); len(got) < len(want); {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != want {
		t.Errorf("got %q", got)
	}
	r.Close()
	c.Print(t.Context(), "log", []byte("nobody\n"))
	if err := <-failed; !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("failed with %v", err)
	}
	c.Print(t.Context(), "log", []byte("reads this\n"))
	if c.Close(t.Context()) == nil || len(failed) > 0 {
		t.Error("the failure is told once, and by Close")
	}
	w.Close()
}

// stalled is a file that takes nothing until it is released.
type stalled struct {
	released chan struct{}
	mu       sync.Mutex
	out      bytes.Buffer
}

func (s *stalled) Write(p []byte) (int, error) {
	<-s.released
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

// Behind an output that nobody reads handlers wait as long as they may, and the log never.
func TestStalled(t *testing.T) {
	for name, s := range map[string]*screen{"file": nil, "terminal": {size: func() (int, int) { return 80, 24 }}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := &stalled{released: make(chan struct{})}
				c := newConsole(file, s, func(err error) { t.Error(err) })
				line := bytes.Repeat([]byte("printed "), 8<<10)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start, printed := time.Now(), 0
				for ctx.Err() == nil {
					c.Print(ctx, "log", line)
					printed++
				}
				if waited := time.Since(start); waited < time.Minute || printed > 10 {
					t.Errorf("printed %d times in %s", printed, waited)
				}
				const records = 10_000
				for i := range records {
					fmt.Fprintf(c.Log(), "record %d%s\n", i, strings.Repeat(".", 100))
				}
				if waited := time.Since(start); waited > time.Minute+time.Second {
					t.Errorf("the log waited %s", waited)
				}
				ended, cancelEnd := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancelEnd()
				if err := c.Close(ended); !errors.Is(err, ErrUnread) {
					t.Errorf("Close: %v", err)
				}
				close(file.released)
				<-c.out.done
				logged := strings.Count(file.out.String(), "record ")
				if lost := c.out.lostRecords(); lost == 0 || logged+lost != records {
					t.Errorf("%d records logged, %d lost of %d", logged, lost, records)
				}
			})
		})
	}
}

// Who waits for room is not kept waiting by the pace of a terminal.
func TestManyLines(t *testing.T) {
	c, out := terminal(t, 80, 24)
	line := bytes.Repeat([]byte("x"), 1<<10)
	start := time.Now()
	const lines = 64 << 10
	for range lines {
		c.Print(t.Context(), "log", line)
	}
	closed(t, c)
	if n := len(out.Bytes()); n != lines*(len(line)+1) {
		t.Errorf("%d bytes arrived", n)
	}
	if d := time.Since(start); d > 10*time.Second { // 13 s at the pace of redraw
		t.Errorf("took %s", d)
	}
}
