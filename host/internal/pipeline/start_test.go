package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"

	"github.com/probehost/probehost/host/internal/probe"
)

// watching is a probe that sees each process, and a handler of it.
const watching = `
	probe "exec" { object = builtin.exec }
	handler "obedient" "good" { from = [probe.exec] }
`

// A start that fails says why, once, and leaves nothing.
func TestStartFails(t *testing.T) {
	needRoot(t)
	for name, tt := range map[string]struct {
		config string
		want   []string // each once in the error
		check  func(error) bool
	}{
		"plugin dies at open": {
			config: watching + `handler "obedient" "bad" {
				from = [probe.exec]
				config { open = "die" }
			}`,
			want: []string{"handler bad", "exited with status 4", "these are my last words"},
		},
		"plugin refuses": {
			config: watching + `handler "obedient" "bad" {
				from = [probe.exec]
				config { open = "refuse" }
			}`,
			want:  []string{"handler bad", "not today"},
			check: func(err error) bool { var e *OpenError; return errors.As(err, &e) && e.Handler.Config.Name == "bad" },
		},
		"no such interface": {
			config: watching + `probe "packets" {
				object = builtin.packets
				attach "count_packets" { interface = "nosuch0" }
			}
			handler "obedient" "packets" { from = [probe.packets.packets] }`,
			want:  []string{"nosuch0"},
			check: func(err error) bool { es := probe.Errors(err); return len(es) == 1 && es[0].Probe == "packets" },
		},
		"half of it attached": { // exec, but not the program for an interface that has another one
			config: watching + fmt.Sprintf(`
			probe "packets" {
				object = builtin.packets
				attach "count_packets" {
					interface = %q
					mode      = "generic"
				}
			}
			handler "obedient" "packets" { from = [probe.packets.packets] }`, taken(t)),
			want:  []string{"probe packets"},
			check: func(err error) bool { es := probe.Errors(err); return len(es) == 1 && es[0].Attr == "interface" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t)
			begin := time.Now()
			_, err := Start(t.Context(), r.options(build(t, tt.config)))
			if err == nil {
				t.Fatal("it starts")
			}
			if d := time.Since(begin); d > 8*time.Second {
				t.Errorf("took %s", d)
			}
			for _, w := range tt.want {
				if n := strings.Count(err.Error(), w); n != 1 {
					t.Errorf("%q is %d times in the error:\n%v", w, n, err)
				}
			}
			if tt.check != nil && !tt.check(err) {
				t.Errorf("not the error that was expected: %#v", err)
			}
			r.nothingLeft()
		})
	}
}

// taken makes an interface that has an XDP program.
func taken(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("php%d", os.Getpid()%100000)
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "x"}
	check(t, netlink.LinkAdd(link))
	t.Cleanup(func() { check(t, netlink.LinkDel(link)) })
	const pass = 2
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.XDP, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, pass), asm.Return()},
	})
	check(t, err)
	defer program.Close() // the interface keeps it
	check(t, netlink.LinkSetXdpFdWithFlags(link, program.FD(), nl.XDP_FLAGS_SKB_MODE))
	return name
}

// Ctrl-C while a plugin opens ends the start at once.
func TestStartIsInterrupted(t *testing.T) {
	r := newRun(t)
	p := build(t, watching+`handler "obedient" "slow" {
		from = [probe.exec]
		config { open = "hang" }
	}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begin := time.Now()
	if _, err := Start(ctx, r.options(p)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start: %v", err)
	}
	if d := time.Since(begin); d > 8*time.Second {
		t.Errorf("took %s", d)
	}
	r.nothingLeft()
}
