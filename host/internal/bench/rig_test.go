package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/pipeline"
	"github.com/probehost/probehost/host/internal/plan"
)

func needRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("needs root to load BPF programs")
	}
}

// rig is probehost with the flood in front and the flood plugin behind.
type rig struct {
	*producer
	pipeline *pipeline.Pipeline
	plugin   int // process id
	output   *output
}

// wideQueue takes all that may be on its way.
const wideQueue = `queue { size = "64MiB" }
`

// newRig starts everything, from a configuration on; stream and handler are what is said of these.
func newRig(tb testing.TB, stream, handler string) *rig {
	tb.Helper()
	needRoot(tb)
	pl := newPlan(tb, stream, handler)
	r := &rig{output: &output{}}
	others := children(tb)
	p, err := pipeline.Start(tb.Context(), pipeline.Options{Plan: pl, Output: r.output, Log: hclog.New(&hclog.LoggerOptions{
		Level: hclog.Warn, Output: os.Stderr,
	}), RuntimeDir: tb.TempDir()})
	check(tb, err)
	r.pipeline = p
	for _, pid := range children(tb) {
		if !slices.Contains(others, pid) {
			r.plugin = pid
		}
	}
	r.producer = newProducer(tb, findMap(tb, floodMapFloods), findMap(tb, floodMapFloodsLost), func() uint64 {
		s := p.Summary().Handlers[0]
		return s.Delivered + s.Dropped
	})
	return r
}

// newPlan resolves a configuration with the flood as its only probe.
func newPlan(tb testing.TB, stream, handler string) *plan.Plan {
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
			stream "floods" { `+stream+` }
		}
		handler "flood" "bench" {
			from = [probe.flood.floods]
			`+handler+`
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

// findMap opens the map of that name that this process has loaded last.
func findMap(tb testing.TB, name string) *ebpf.Map {
	tb.Helper()
	infos, err := filepath.Glob("/proc/self/fdinfo/*")
	check(tb, err)
	var ids []ebpf.MapID
	for _, path := range infos {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the file of the listing itself
		}
		if _, rest, ok := strings.Cut(string(text), "map_id:"); ok {
			id, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 32)
			check(tb, err)
			ids = append(ids, ebpf.MapID(id))
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Backward(ids) {
		m, err := ebpf.NewMapFromID(id)
		check(tb, err)
		if info, err := m.Info(); err == nil && info.Name == name {
			tb.Cleanup(func() { m.Close() })
			return m
		}
		m.Close()
	}
	tb.Fatalf("no map %s", name)
	return nil
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
