package bpf

import (
	"errors"
	"os"
	"testing"
)

// What a packet costs in the kernel. The ring is drained aside, so that it is never full.
func BenchmarkPackets(b *testing.B) {
	payload := make([]byte, 64)
	frames := []struct {
		name  string
		frame []byte
	}{
		{"tcp4", ethernet(typeIPv4, ipv4(protoTCP, tcp(43210, 443, 0x10, nil, payload)))},
		{"udp6", ethernet(typeIPv6, ipv6(protoUDP, udp(53, 1024, payload)))},
		{"qinq extensions", ethernet(typeQinQ, tag(1, typeVLAN, tag(2, typeIPv6, ipv6(extHopByHop,
			extension(extDestination, 0, extension(protoTCP, 0, tcp(1, 2, 0, nil, payload)))))))},
	}
	modes := []struct {
		name      string
		constants map[string]any
	}{
		{"nothing", map[string]any{"protocols_on": false, "packets_on": false}},
		{"counted", map[string]any{"packets_on": false}},
		{"counted and emitted", nil},
	}
	for _, mode := range modes {
		coll := load(b, objectSpec(b, "packets"), mode.constants, packetProgramNames...)
		ring := readRing[packetsPacket](b, coll.Maps["packets"])
		for _, program := range packetProgramNames {
			for _, f := range frames {
				b.Run(mode.name+"/"+program+"/"+f.name, func(b *testing.B) {
					const portion = 5000
					var spent float64
					for done := 0; done < b.N; done += portion {
						runs := min(portion, b.N-done)
						_, each, err := coll.Programs[program].Benchmark(f.frame, runs, func() {})
						must(b, err)
						spent += float64(each.Nanoseconds()) * float64(runs)
						for err == nil {
							_, _, err = ring.next(-1)
						}
						if !errors.Is(err, os.ErrDeadlineExceeded) {
							b.Fatal(err)
						}
					}
					b.ReportMetric(spent/float64(b.N), "kernel-ns/packet")
				})
			}
		}
		if lost := sum(b, coll.Maps["packets_lost"]); lost != 0 {
			b.Errorf("%d events lost", lost)
		}
	}
}
