package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/wire"
)

// The test binary is also the programs at the other end, by the name that it is called with.
const (
	floodPlugin = "flood"
	callServer  = "calls"
	pacer       = "pacer"
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case floodPlugin:
		sdk.Main(sdk.NewType(sdk.Info{Name: floodPlugin, Version: "1", Doc: "Reads two fields of each event."}, openFlood))
	case callServer:
		exit(serveCalls(os.Args[1]))
	case pacer:
		exit(runPacer(os.Args[1:]))
	default:
		os.Exit(m.Run())
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

type floodConfig struct {
	WarmUp uint64 `hcl:"warm_up,optional" doc:"Measure delays and allocations too, after so many events."`
}

// flood reads two fields of each event, and tells at the end what it has seen.
type flood struct {
	out               io.Writer
	warmUp            uint64 // zero: measure nothing
	mallocs           uint64 // when measuring began
	time, seq, fields *sdk.Field
	seen              report
	next              uint64
	delays            [64 * 16]uint64 // by power of two and sixteenths of it
}

// report is what the plugin prints at the end.
type report struct {
	Count, Sum     uint64
	Lost, Dropped  uint64 // before events: in the kernel, and at the queue
	Disorder       uint64 // events that did not follow the one before, losses aside
	Measured       uint64 // events after the warm-up, in order of their arrival
	Mallocs        uint64 // allocations since then
	P50, P99, P999 int64  // of their delays, ns
}

func openFlood(_ context.Context, h *sdk.Host, cfg floodConfig) (sdk.Handler, error) {
	s := h.Streams()[0].Schema
	f := &flood{out: h.Stdout(), warmUp: cfg.WarmUp}
	for name, field := range map[string]**sdk.Field{"time": &f.time, "seq": &f.seq, "value": &f.fields} {
		var ok bool
		if *field, ok = s.Lookup(name); !ok {
			return nil, fmt.Errorf("the stream has no field %s", name)
		}
	}
	return f, nil
}

func (f *flood) HandleBatch(_ context.Context, b *sdk.Batch) error {
	f.seen.Lost += b.Gap().Kernel
	f.seen.Dropped += b.Gap().Queue
	for e := range b.Events() {
		seq := e.Uint64(f.seq)
		f.seen.Sum += e.Uint64(f.fields)
		if seq != f.next {
			f.seen.Disorder++
		}
		f.next = seq + 1
	}
	if f.warmUp > 0 && f.seen.Count >= f.warmUp {
		f.measure(b)
	}
	f.seen.Count += uint64(b.Len())
	if f.warmUp > 0 && f.mallocs == 0 && f.seen.Count >= f.warmUp {
		f.mallocs = mallocs()
	}
	return nil
}

func (f *flood) measure(b *sdk.Batch) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err)
	}
	f.seen.Measured += uint64(b.Len())
	for e := range b.Events() {
		f.delays[bucket(uint64(now.Nano())-e.Uint64(f.time))]++
	}
}

// bucket is the index of a delay: its highest bit and the four below it.
func bucket(ns uint64) int {
	if ns < 16 {
		return int(ns)
	}
	high := bits.Len64(ns) - 1
	return high*16 + int(ns>>(high-4)&15)
}

// quantile returns the upper bound of the bucket in which the q-th of the delays lies.
func (f *flood) quantile(q float64) int64 {
	var sum uint64
	for _, n := range f.delays {
		sum += n
	}
	rank := uint64(q * float64(sum))
	for i, n := range f.delays {
		if n > rank {
			if i < 16 {
				return int64(i)
			}
			high := i / 16
			return int64(1)<<high + int64(i%16+1)<<(high-4)
		}
		rank -= n
	}
	return 0
}

func (f *flood) Close(context.Context) error {
	if f.mallocs > 0 {
		f.seen.Mallocs = mallocs() - f.mallocs
	}
	f.seen.P50, f.seen.P99, f.seen.P999 = f.quantile(0.5), f.quantile(0.99), f.quantile(0.999)
	return json.NewEncoder(f.out).Encode(f.seen)
}

// calls is a server with one gRPC call per event, for comparison.
type calls struct {
	wire.UnimplementedPluginServer
	sum uint64
}

func serveCalls(socket string) error {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	s := grpc.NewServer()
	wire.RegisterPluginServer(s, &calls{})
	return s.Serve(l)
}

func (c *calls) Validate(_ context.Context, r *wire.OpenRequest) (*wire.ValidateResponse, error) {
	c.sum += seqOf(r.Config) + uint64(valueOf(r.Config))
	return &wire.ValidateResponse{}, nil
}
