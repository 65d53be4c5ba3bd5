package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/plan"
	"github.com/probehost/probehost/sdk"
)

// The test binary is also the plugin of the tests, by the name of the link that it is started as.
const obedient = "obedient"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == obedient {
		sdk.Main(sdk.NewType(sdk.Info{Name: obedient, Version: "1", Doc: "Does what it is told."}, open))
	}
	goleak.VerifyTestMain(m)
}

type orders struct {
	Open  string `hcl:"open,optional" doc:"What to do when it is opened."`
	Batch string `hcl:"batch,optional" doc:"What to do with the first batch."`
	Close string `hcl:"close,optional" doc:"What to do when it is closed."`
}

type handlerUnderTest struct {
	host   *sdk.Host
	orders orders
}

func open(_ context.Context, h *sdk.Host, o orders) (sdk.Handler, error) {
	if o.Open == "refuse" {
		return nil, sdk.Errorf(sdk.Path{"open"}, "not today")
	}
	u := &handlerUnderTest{host: h, orders: o}
	return u, u.follow(o.Open)
}

func (u *handlerUnderTest) HandleBatch(context.Context, *sdk.Batch) error {
	return u.follow(u.orders.Batch)
}

func (u *handlerUnderTest) Close(context.Context) error { return u.follow(u.orders.Close) }

func (u *handlerUnderTest) follow(order string) error {
	switch order {
	case "die":
		fmt.Fprintln(os.Stderr, "these are my last words")
		os.Exit(4)
	case "hang":
		select {}
	case "fail":
		return fmt.Errorf("told to fail")
	case "flood":
		go func() {
			for {
				_, _ = u.host.Stdout().Write([]byte(strings.Repeat("flood\n", 1000))) // full: that is the point
			}
		}()
		u.orders.Batch = ""
	}
	return nil
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to load BPF programs")
	}
}

// build resolves a configuration in which the plugin can be used.
func build(t *testing.T, text string) *plan.Plan {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	self, err := os.Executable()
	check(t, err)
	check(t, os.Symlink(self, filepath.Join(dir, obedient)))
	path := filepath.Join(dir, "probes.hcl")
	check(t, os.WriteFile(path, []byte(text+`
		plugin "obedient" { path = "./obedient" }`), 0o600))
	c, diags := config.Load(path)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p, diags := plan.Build(t.Context(), c, &plan.Processes{RuntimeDir: dir})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

// run is a start, and what it said.
type run struct {
	t      *testing.T
	dir    string // for sockets
	out    buffer
	log    buffer
	output interface { // nil: out
		Print(context.Context, string, []byte)
		Live(context.Context, string, []byte)
	}
}

func newRun(t *testing.T) *run { return &run{t: t, dir: t.TempDir()} }

func (r *run) options(p *plan.Plan) Options {
	o := Options{Plan: p, Output: &r.out, RuntimeDir: r.dir, Log: hclog.New(&hclog.LoggerOptions{Output: &r.log, Level: hclog.Debug})}
	if r.output != nil {
		o.Output = r.output
	}
	return o
}

// start starts the configuration. What is left at the end of the test is an error.
func (r *run) start(text string) *Pipeline {
	r.t.Helper()
	p, err := Start(r.t.Context(), r.options(build(r.t, text)))
	check(r.t, err)
	if len(p.Links()) == 0 {
		r.t.Error("nothing is attached")
	}
	return p
}

// stop stops within that time, and looks whether anything is left.
func (r *run) stop(p *Pipeline, drain, limit time.Duration) error {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	begin := time.Now()
	err := p.Stop(ctx)
	if d := time.Since(begin); d > limit {
		r.t.Errorf("stopping took %s", d)
	}
	r.nothingLeft()
	for _, h := range p.Summary().Handlers {
		if h.Pending != 0 || h.Offered != h.Delivered+h.Filtered+h.Dropped {
			r.t.Errorf("the sums do not close: %+v", h)
		}
	}
	return err
}

// nothingLeft checks that this process holds no link or program, has no child, and that no socket is left.
func (r *run) nothingLeft() {
	r.t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	check(r.t, err)
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.Contains(to, "bpf") {
			r.t.Errorf("%s is still open", to)
		}
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	check(r.t, err)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if fields[1] == fmt.Sprint(os.Getpid()) {
			r.t.Errorf("a process is left: %s", text)
		}
	}
	left, err := os.ReadDir(r.dir)
	check(r.t, err)
	if len(left) > 0 {
		r.t.Errorf("left in the runtime folder: %v", left)
	}
}

// work makes events for the built-in probe exec.
func work(t *testing.T) {
	t.Helper()
	check(t, exec.Command("true").Run())
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// buffer is an output that keeps everything, and may be read at any time.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) Print(_ context.Context, _ string, p []byte) { _, _ = b.Write(p) }
func (b *buffer) Live(_ context.Context, _ string, p []byte)  { _, _ = b.Write(p) }

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
