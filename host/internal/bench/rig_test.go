package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/pipeline"
	"github.com/probehost/probehost/host/internal/plan"
)

// ahead is how many events may be on their way before the producer waits, so that none is lost: fewer than the ring holds.
const ahead = 200_000

// chunk is how many events the kernel makes in one go.
const chunk = 1 << 14

func needRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("needs root to load BPF programs")
	}
}

// producer makes events in the kernel.
type producer struct {
	tb        testing.TB
	emit      *ebpf.Program
	lost      *ebpf.Map
	run       floodRun
	delivered func() uint64
	cpu       time.Duration // used to make them
}

// newProducer makes events for those maps.
func newProducer(tb testing.TB, floods, lost *ebpf.Map, delivered func() uint64) *producer {
	tb.Helper()
	spec, err := loadFlood()
	check(tb, err)
	var programs floodPrograms
	check(tb, spec.LoadAndAssign(&programs, &ebpf.CollectionOptions{
		MapReplacements: map[string]*ebpf.Map{floodMapFloods: floods, floodMapFloodsLost: lost},
	}))
	tb.Cleanup(func() { programs.Close() })
	return &producer{tb: tb, emit: programs.EmitFloods, lost: lost, delivered: delivered}
}

// make makes n events, numbered on from the last.
func (p *producer) make(n int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := threadTime(p.tb)
	p.run.Count = uint32(n)
	_, err := p.emit.Run(&ebpf.RunOptions{Context: &p.run})
	check(p.tb, err)
	p.run.First += uint64(n)
	p.cpu += threadTime(p.tb) - before
}

// flood makes n events as fast as they are delivered, and waits until all are.
func (p *producer) flood(n int) {
	for left := n; left > 0; left -= chunk {
		p.wait(ahead)
		p.make(min(left, chunk))
	}
	p.wait(0)
}

// wait waits until at most that many events are on their way.
func (p *producer) wait(open uint64) {
	for deadline := time.Now().Add(20 * time.Second); p.run.First-p.delivered()-p.losses() > open; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			p.tb.Fatalf("%d of %d events arrived, %d were lost", p.delivered(), p.run.First, p.losses())
		}
	}
}

func (p *producer) losses() (sum uint64) {
	var perCPU []uint64
	check(p.tb, p.lost.Lookup(uint32(0), &perCPU))
	for _, n := range perCPU {
		sum += n
	}
	return sum
}

// rig is probehost with the flood in front and the flood plugin behind.
type rig struct {
	*producer
	pipeline *pipeline.Pipeline
	plugin   int // process id
	output   *output
}

// newRig starts everything, from a configuration on.
func newRig(tb testing.TB, options string) *rig {
	tb.Helper()
	needRoot(tb)
	pl := newPlan(tb, options)
	r := &rig{output: &output{}}
	p, err := pipeline.Start(tb.Context(), pipeline.Options{Plan: pl, Output: r.output, Log: hclog.New(&hclog.LoggerOptions{
		Level: hclog.Warn, Output: os.Stderr,
	}), RuntimeDir: tb.TempDir()})
	check(tb, err)
	r.pipeline = p
	r.plugin = children(tb)[0]
	r.producer = newProducer(tb, findMap(tb, floodMapFloods), findMap(tb, floodMapFloodsLost), func() uint64 {
		s := p.Summary().Handlers[0]
		return s.Delivered + s.Dropped
	})
	return r
}

// newPlan resolves a configuration with the flood as its only probe.
func newPlan(tb testing.TB, options string) *plan.Plan {
	tb.Helper()
	dir := tb.TempDir()
	self, err := os.Executable()
	check(tb, err)
	check(tb, os.Symlink(self, filepath.Join(dir, floodPlugin)))
	check(tb, os.WriteFile(filepath.Join(dir, "flood.bpf.o"), _FloodBytes, 0o600))
	path := filepath.Join(dir, "probes.hcl")
	check(tb, os.WriteFile(path, []byte(`
		probe "flood" {
			object = "./flood.bpf.o"
			stream "floods" {}
		}
		handler "flood" "bench" {
			from = [probe.flood.floods]
			queue { size = "64MiB" }
			`+options+`
		}
		plugin "flood" { path = "./flood" }`), 0o600))
	c, diags := config.Load(path)
	if diags.HasErrors() {
		tb.Fatal(diags)
	}
	pl, diags := plan.Build(tb.Context(), c, &plan.Processes{RuntimeDir: dir})
	if diags.HasErrors() {
		tb.Fatal(diags)
	}
	return pl
}

// stop ends the pipeline and returns what the plugin has seen.
func (r *rig) stop() report {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	check(r.tb, r.pipeline.Stop(ctx))
	var seen report
	check(r.tb, json.Unmarshal(r.output.text(), &seen))
	return seen
}

// findMap opens the newest map of that name.
func findMap(tb testing.TB, name string) *ebpf.Map {
	tb.Helper()
	var found *ebpf.Map
	for id := ebpf.MapID(0); ; {
		var err error
		if id, err = ebpf.MapGetNextID(id); err != nil {
			break
		}
		m, err := ebpf.NewMapFromID(id)
		if err != nil {
			continue // gone meanwhile
		}
		info, err := m.Info()
		check(tb, err)
		if info.Name != name {
			m.Close()
			continue
		}
		if found != nil {
			found.Close()
		}
		found = m
	}
	if found == nil {
		tb.Fatalf("no map %s", name)
	}
	tb.Cleanup(func() { found.Close() })
	return found
}

// output keeps what the plugin prints.
type output struct {
	mu  sync.Mutex
	all []byte
}

func (o *output) Print(_ context.Context, _ string, text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, text...)
}

func (o *output) Live(context.Context, string, []byte) {}

func (o *output) text() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all
}

func seqOf(rec []byte) uint64   { return binary.LittleEndian.Uint64(rec[8:]) }
func valueOf(rec []byte) uint32 { return binary.LittleEndian.Uint32(rec[36:]) }

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
