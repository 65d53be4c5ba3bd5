package plug

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What does not end by itself is ended.
func TestClose(t *testing.T) {
	for _, test := range []struct {
		name, do string
		stop     bool // with SIGSTOP
		want     string
	}{
		{name: "handler stuck", do: "sleep", want: "did not finish what it had received within 1"},
		{name: "close stuck", do: "sleep at close", want: "did not finish what it had received within 1"},
		{name: "stopped", do: "print", stop: true, want: "did not end when it was told to, and was killed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, s, _ := opened(t, test.do)
			send(t, s, 1)
			if test.stop {
				if err := unix.Kill(p.Pid(), unix.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			go func() { _, _, _ = receive(s) }()
			begin := time.Now()
			err := p.Close(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if d := time.Since(begin); d > 6*time.Second {
				t.Errorf("that took %s", d)
			}
			if err := unix.Kill(p.Pid(), 0); !errors.Is(err, unix.ESRCH) {
				t.Errorf("process %d is still there: %v", p.Pid(), err)
			}
			if again := p.Close(t.Context()); again == nil || again.Error() != err.Error() {
				t.Errorf("closed again with %v", again)
			}
		})
	}
}

// A handler that was opened is closed, however its end comes.
func TestHandlerIsClosed(t *testing.T) {
	t.Run("no stream", func(t *testing.T) { // another handler did not open, or a probe did not attach
		p, log := launch(t, "obedient")
		if r, err := p.Open(t.Context(), request("wait")); err != nil || len(r.Diagnostics) > 0 {
			t.Fatal(r, err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), "closed") {
			t.Errorf("logged\n%s", log)
		}
	})
	t.Run("drain timeout", func(t *testing.T) {
		p, s, log := opened(t, "wait")
		send(t, s, 1)
		go func() { _, _, _ = receive(s) }()
		if err := p.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "did not finish what it had received within 1") {
			t.Errorf("got %v", err)
		}
		if !strings.Contains(log.String(), "closed") {
			t.Errorf("logged\n%s", log)
		}
	})
}

// Processes that the plugin started end with it.
func TestGroup(t *testing.T) {
	p, s, _ := opened(t, "breed")
	send(t, s, 1)
	m, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(m.GetOutput().GetText())))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(p.Pid(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	for wait := time.Now().Add(5 * time.Second); time.Now().Before(wait); time.Sleep(10 * time.Millisecond) {
		if gone(pid) {
			return
		}
	}
	t.Errorf("process %d survived the plugin", pid)
}
