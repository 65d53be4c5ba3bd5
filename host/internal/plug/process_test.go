package plug

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/wire"
	"golang.org/x/sys/unix"
)

// launch starts the plugin and closes it when the test ends.
func launch(t *testing.T, name string) (*Process, *testLog) {
	t.Helper()
	o, log := options(t, name)
	o.DrainTimeout = time.Second
	p, err := Launch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) }) // tests that care look at it themselves
	return p, log
}

func request(do string) *wire.OpenRequest {
	return &wire.OpenRequest{
		Handler: "test", Config: fmt.Appendf(nil, `{"do":%q}`, do), LogLevel: "debug",
		Streams: []*wire.Stream{{Id: 3, Probe: "p", Name: "s", Size: 4, Fields: []*wire.Field{{Name: "n", Kind: 3, Size: 4}}}},
	}
}

// opened starts the obedient plugin with that order and opens its stream.
func opened(t *testing.T, do string) (*Process, wire.Plugin_StreamClient, *testLog) {
	t.Helper()
	p, log := launch(t, "obedient")
	r, err := p.Open(t.Context(), request(do))
	if err != nil || len(r.Diagnostics) > 0 {
		t.Fatal(r, err)
	}
	s, err := p.Stream(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p, s, log
}

func send(t *testing.T, s wire.Plugin_StreamClient, seq uint64) {
	t.Helper()
	err := s.Send(&wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{
		Stream: 3, Seq: seq, Count: 2, Stride: 4, Records: make([]byte, 8),
	}}})
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

// receive collects what comes until the stream ends: the output and the last acknowledgement.
func receive(s wire.Plugin_StreamClient) (output string, acked uint64, err error) {
	for {
		m, err := s.Recv()
		if err != nil {
			return output, acked, err
		}
		if a := m.GetAck(); a != nil {
			acked = a.Seq
		}
		output += string(m.GetOutput().GetText())
	}
}

func TestConversation(t *testing.T) {
	p, log := launch(t, "obedient")
	d, err := p.Describe(t.Context())
	if err != nil || d.Name != "obedient" || d.Version != "1.2" || len(d.Config.Attributes) != 1 || d.Config.Attributes[0].Default != `"print"` {
		t.Errorf("described as %v, %v", d, err)
	}
	v, err := p.Validate(t.Context(), request("object"))
	if err != nil || len(v.Diagnostics) != 1 || v.Diagnostics[0].Summary != "no" || v.Diagnostics[0].Path[0].GetName() != "do" {
		t.Errorf("validated as %v, %v", v, err)
	}
	r, err := p.Open(t.Context(), request("print"))
	if err != nil || len(r.Diagnostics) > 0 {
		t.Fatal(r, err)
	}
	s, err := p.Stream(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, 1)
	send(t, s, 2)
	if m, err := s.Recv(); err != nil || !strings.HasPrefix(string(m.GetOutput().GetText()), "2 records of p.s\n") {
		t.Errorf("got %v, %v", m, err)
	}
	if _, err := p.Open(t.Context(), request("print")); err == nil || !strings.Contains(err.Error(), "open already") {
		t.Errorf("a second Open: %v", err)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	output, acked, err := receive(s)
	if !strings.HasSuffix("2 records of p.s\n2 records of p.s\nclosed\n", output) || !strings.HasSuffix(output, "closed\n") || acked != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("got %q, acknowledged %d, %v", output, acked, err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	if want := "[DEBUG] opened: do=print\n"; log.String() != want {
		t.Errorf("logged\n%swant\n%s", log, want)
	}
	if err := unix.Kill(p.Pid(), 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("process %d is still there: %v", p.Pid(), err)
	}
}

func TestDeath(t *testing.T) {
	for _, test := range []struct {
		name, do, want string
		kill           bool
	}{
		{name: "killed", do: "print", kill: true, want: "plugin obedient (pid %d) was killed by signal 9 (SIGKILL)"},
		{name: "exit", do: "exit", want: "plugin obedient (pid %d) exited with status 2\n    going"},
		{name: "panic", do: "panic", want: "plugin obedient (pid %d) exited with status 2\n    panic: as I was told"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, s, _ := opened(t, test.do)
			if test.kill {
				if err := unix.Kill(p.Pid(), unix.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			send(t, s, 1)
			if _, acked, err := receive(s); err == nil || errors.Is(err, io.EOF) || acked != 0 {
				t.Errorf("acknowledged %d, %v", acked, err)
			}
			select {
			case <-p.Done():
			case <-time.After(5 * time.Second):
				t.Fatal("nobody noticed")
			}
			want := fmt.Sprintf(test.want, p.Pid())
			if err := p.Err(); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if err := p.Close(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("closed with %v", err)
			}
		})
	}
}

func TestDeathAtOpen(t *testing.T) {
	p, _ := launch(t, "obedient")
	if _, err := p.Open(t.Context(), request("exit at open")); err == nil || !strings.Contains(err.Error(), "exited with status 4") {
		t.Errorf("got %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("PROBEHOST_TEST_SECRET", "secret")
	t.Setenv("TZ", "Asia/Tokyo")
	p, _ := launch(t, "obedient")
	r, err := p.Open(t.Context(), request("environment"))
	if err != nil || len(r.Diagnostics) != 1 {
		t.Fatal(r, err)
	}
	env := r.Diagnostics[0].Summary
	if strings.Contains(env, "secret") || strings.Contains(env, "HOME=") {
		t.Errorf("the plugin got\n%s", env)
	}
	for _, want := range []string{"TZ=Asia/Tokyo", "PATH=", "PROBEHOST_PLUGIN=handler/v1", "PLUGIN_UNIX_SOCKET_DIR=" + p.dir} {
		if !strings.Contains(env, want) {
			t.Errorf("the plugin did not get %s:\n%s", want, env)
		}
	}
}

func TestRudeOutput(t *testing.T) {
	p, log := launch(t, "rude")
	if _, err := p.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"[INFO]  1\n",
		"[INFO]  level\n",
		`[WARN]  time: n=5 list=[1] x=\u001b[2J` + "\n",
		`[INFO]  plain \u001b[31mred: from=stderr` + "\n",
		"x... (283616 bytes more): from=stderr\n",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%.2000s", want, log.String())
		}
	}
}

func TestStrayOutput(t *testing.T) {
	p, s, log := opened(t, "stray")
	send(t, s, 1)
	go func() { _, _, _ = receive(s) }()
	for wait := time.Now().Add(5 * time.Second); time.Now().Before(wait); time.Sleep(10 * time.Millisecond) {
		if text := log.String(); strings.Contains(text, "stray output: from=stdout\n") && strings.Contains(text, "stray error: from=stderr\n") {
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("logged\n%s", log)
}
