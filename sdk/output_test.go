package sdk

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// taken returns what the sender would take.
func taken(o *output, all bool) (texts []string) {
	for {
		w := o.take(all)
		if w == nil {
			return texts
		}
		text := string(w.Text)
		if w.Live {
			text = "live " + text
		}
		texts = append(texts, text)
	}
}

func TestOutputLines(t *testing.T) {
	o := newOutput(slog.New(slog.DiscardHandler))
	w := (*lineWriter)(o)
	write := func(text string) {
		t.Helper()
		if n, err := io.WriteString(w, text); n != len(text) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	write("a")
	if got := taken(o, false); got != nil {
		t.Errorf("an incomplete line was taken: %q", got)
	}
	write("b\nc\nd")
	o.live("one")
	o.live("two")
	if got := strings.Join(taken(o, false), "|"); got != "ab\nc\n|live two" {
		t.Errorf("got %q", got)
	}
	if got := strings.Join(taken(o, true), "|"); got != "d\n" {
		t.Errorf("at the end got %q", got)
	}
	long := strings.Repeat(strings.Repeat("x", 999)+"\n", 600)
	write(long)
	got := taken(o, false)
	if strings.Join(got, "") != long || len(got) != 3 {
		t.Errorf("600,000 bytes in %d messages", len(got))
	}
	for _, text := range got {
		if len(text) > outputChunk || !strings.HasSuffix(text, "\n") {
			t.Errorf("a message of %d bytes that ends in %q", len(text), text[len(text)-1:])
		}
	}
}

func TestOutputFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := newOutput(slog.New(slog.NewTextHandler(&log, nil)))
		fill := bytes.Repeat([]byte("line\n"), outputLimit/5)
		write := func(p []byte) (time.Duration, error) {
			begin := time.Now()
			n, err := o.write(p)
			if err == nil && n != len(p) || err != nil && n != 0 {
				t.Errorf("wrote %d of %d, %v", n, len(p), err)
			}
			return time.Since(begin), err
		}
		if d, err := write(fill); err != nil || d != 0 {
			t.Fatal(d, err)
		}
		if d, err := write([]byte("more\n")); !errors.Is(err, ErrOutputFull) || d != outputWait {
			t.Errorf("without room: %v after %s", err, d)
		}
		if d, err := write([]byte("more\n")); !errors.Is(err, ErrOutputFull) || d != 0 {
			t.Errorf("a second time: %v after %s", err, d)
		}
		if o.take(false) == nil {
			t.Error("nothing to take")
		}
		if d, err := write([]byte("more\n")); err != nil || d != 0 {
			t.Errorf("with room again: %v after %s", err, d)
		}
		for _, want := range []string{"output is lost", `msg="output was lost" bytes=10`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q is not in the log:\n%s", want, log.String())
			}
		}
		if _, err := write(make([]byte, outputLimit+1)); !errors.Is(err, ErrOutputFull) {
			t.Errorf("too much at once: %v", err)
		}
		_ = taken(o, true)
		if _, err := write(fill); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(outputWait/2, func() { o.take(false) })
		if d, err := write([]byte("more\n")); err != nil || d != outputWait/2 {
			t.Errorf("with room in time: %v after %s", err, d)
		}
	})
}

// A line without end does not block the output for ever.
func TestOutputEndlessLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutput(slog.New(slog.DiscardHandler))
		go func() {
			for range o.wake {
				taken(o, false)
			}
		}()
		defer close(o.wake)
		chunk := bytes.Repeat([]byte("x"), 400_000)
		for i := range 10 {
			if _, err := o.write(chunk); err != nil {
				t.Fatalf("write %d: %v", i, err)
			}
			synctest.Wait()
		}
	})
}

func TestOutputClosed(t *testing.T) {
	o := newOutput(slog.New(slog.DiscardHandler))
	o.close()
	o.live("x")
	if _, err := o.write([]byte("x\n")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	if got := taken(o, true); got != nil {
		t.Errorf("got %q", got)
	}
}
