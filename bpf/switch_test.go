package bpf

import (
	"fmt"
	"testing"

	"github.com/cilium/ebpf"
)

// cost is what the kernel made of a program: instructions that the verifier walked, and bytes that are left to run.
type cost struct {
	verified uint32
	left     int
}

func costOf(t testing.TB, object, program string, constants map[string]any) cost {
	t.Helper()
	coll := load(t, objectSpec(t, object), constants, program)
	defer coll.Close()
	info, err := coll.Programs[program].Info()
	must(t, err)
	verified, found := info.VerifiedInstructions()
	if !found {
		t.Skip("this kernel does not tell what the verifier did")
	}
	return cost{verified, sizeOf(t, coll.Programs[program])}
}

// What nobody wants is not in the kernel: switched off, a stream leaves nothing to run.
func TestSwitches(t *testing.T) {
	const instruction = 8
	for _, tt := range []struct {
		object, program string
		streams         []string
	}{
		{"packets", "count_packets", []string{"protocols", "packets"}},
		{"packets", "count_ingress", []string{"protocols", "packets"}},
		{"packets", "count_egress", []string{"protocols", "packets"}},
		{"exec", "process_exec", []string{"starts"}},
		{"exec", "process_exit", []string{"exits"}},
		{"tcp_connect", "connect_result", []string{"connects"}},
		{"tcp_connect", "connect_tracepoint", []string{"connects"}},
		{"tcp_connect", "connect_kprobe", []string{"connects"}},
		{"tcp_connect", "connect_fentry", []string{"connects"}},
	} {
		t.Run(tt.program, func(t *testing.T) {
			on := costOf(t, tt.object, tt.program, nil)
			off := make(map[string]any)
			for _, stream := range tt.streams {
				off[stream+"_on"] = false
				if len(tt.streams) == 1 {
					continue
				}
				without := costOf(t, tt.object, tt.program, map[string]any{stream + "_on": false})
				t.Logf("without %s: %d of %d bytes", stream, without.left, on.left)
				if without.left >= on.left {
					t.Errorf("without %s: %+v, with it %+v", stream, without, on)
				}
			}
			none := costOf(t, tt.object, tt.program, off)
			t.Logf("with all %+v, with nothing %+v", on, none)
			// The arguments, a load of each constant, and the return.
			if none.left > 25*instruction || none.verified > 25 {
				t.Errorf("with nothing wanted, %+v are left of %+v", none, on)
			}
		})
	}
}

// Each level adds the log lines of that level, and with all of them off none is left.
func TestLogLevelsPruned(t *testing.T) {
	const off, warn, info, debug = 0, 2, 3, 4
	sizes := make(map[string][]int)
	for object, program := range map[string]string{"packets": "count_packets", "tcp_connect": "connect_tracepoint"} {
		for _, level := range []uint32{off, warn, info, debug} {
			sizes[object] = append(sizes[object], costOf(t, object, program, map[string]any{"probe_log_level": level}).left)
		}
	}
	for _, tt := range []struct {
		object string
		less   bool // than at the next level
		from   int
	}{
		{"packets", false, 0}, {"packets", false, 1}, {"packets", true, 2},
		{"tcp_connect", true, 0}, {"tcp_connect", false, 1}, {"tcp_connect", false, 2},
	} {
		t.Run(fmt.Sprint(tt.object, tt.from), func(t *testing.T) {
			one, next := sizes[tt.object][tt.from], sizes[tt.object][tt.from+1]
			if (one < next) != tt.less || one > next {
				t.Errorf("sizes at the levels are %v", sizes[tt.object])
			}
		})
	}
}

// The streams that there are follow from the maps, so every ring must have the counter and the switch that go with it.
func TestConventions(t *testing.T) {
	for _, name := range Names() {
		spec := objectSpec(t, name)
		for stream, ring := range spec.Maps {
			if ring.Type != ebpf.RingBuf {
				continue
			}
			if ring.Value == nil {
				t.Errorf("%s: ring %s does not say what its records are", name, stream)
			}
			if lost := spec.Maps[stream+"_lost"]; lost == nil || lost.Type != ebpf.PerCPUArray || lost.ValueSize != 8 {
				t.Errorf("%s: ring %s has no counter of losses", name, stream)
			}
			on := spec.Variables[stream+"_on"]
			var value bool
			if on == nil || !on.Constant() || on.Get(&value) != nil || !value {
				t.Errorf("%s: ring %s has no switch that is on", name, stream)
			}
		}
		var level uint32
		if v := spec.Variables["probe_log_level"]; v == nil || !v.Constant() || v.Get(&level) != nil || level != 3 {
			t.Errorf("%s: the log level is not info", name)
		}
	}
}
