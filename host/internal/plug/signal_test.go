package plug

import (
	"errors"
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Interrupts are for the host; SIGTERM makes the plugin finish and close as when the host ends the stream.
func TestSignals(t *testing.T) {
	p, s, _ := opened(t, "print")
	if err := unix.Kill(p.Pid(), unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	send(t, s, 1)
	for printed, acked := false, false; !printed || !acked; {
		m, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		printed = printed || string(m.GetOutput().GetText()) == "2 records of p.s\n"
		acked = acked || m.GetAck().GetSeq() == 1
	}
	if err := unix.Kill(p.Pid(), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	output, _, err := receive(s)
	if output != "closed\n" || !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v", output, err)
	}
	begin := time.Now()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if d := time.Since(begin); d > 1800*time.Millisecond { // it does not wait for the host to end it; with the race detector, an exit takes a second
		t.Errorf("closing took %s", d)
	}
}

// Before its stream begins, SIGTERM ends a plugin too.
func TestSignalWithoutStream(t *testing.T) {
	p, _ := launch(t, "obedient")
	if r, err := p.Open(t.Context(), request("print")); err != nil || len(r.Diagnostics) > 0 {
		t.Fatal(r, err)
	}
	if err := unix.Kill(p.Pid(), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-time.After(8 * time.Second):
		t.Fatal("it did not end")
	}
	if err := p.Err(); err == nil {
		t.Error("no word about its end")
	}
}
