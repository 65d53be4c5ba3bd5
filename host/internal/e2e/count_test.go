package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// row is what the counter's JSON has for one key.
type row struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// A known number of packets crosses a cable; the counter's numbers are exact.
func TestPacketCountsAreExact(t *testing.T) {
	needRoot(t)
	for name, attach := range map[string]string{
		"xdp": `attach "count_packets" {
			interface = %q
			mode      = "generic"
		}`,
		"tc": `attach "count_ingress" { interface = %q }`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			h := start(t, fmt.Sprintf(`
				probe "packets" {
					object = builtin.packets
					`+attach+`
					stream "protocols" { every = "200ms" }
				}
				handler "counter" "protocols" {
					from = [probe.packets.protocols]
					config {
						key    = "protocol"
						format = "json"
					}
				}
				handler "logger" "packets" {
					from  = [probe.packets.packets]
					where = event.protocol == proto.udp && event.dport == 53
					config { format = "json" }
				}`, p.near), "--for", "3s")
			if n := p.programs(t); n != 1 {
				t.Errorf("%d programs on the interface, want 1", n)
			}

			want := map[string]row{}
			for _, s := range []struct {
				protocol string
				frame    []byte
				n        int
			}{
				{"icmp", ipv4(icmp, "192.0.2.1", "192.0.2.2", make([]byte, 56)), 101},
				{"tcp", ipv4(tcp, "192.0.2.1", "192.0.2.2", transport(tcp, 40000, 80)), 203},
				{"udp", ipv4(udp, "192.0.2.1", "192.0.2.2", transport(udp, 40000, 53)), 307},
				{"icmpv6", ipv6(icmpv6, "2001:db8::1", "2001:db8::2", make([]byte, 56)), 53},
				{"tcp", ipv6(tcp, "2001:db8::1", "2001:db8::2", transport(tcp, 40000, 80)), 61},
				{"udp", ipv6(udp, "2001:db8::1", "2001:db8::2", transport(udp, 40000, 54)), 71},
				{"truncated", ipv4(tcp, "192.0.2.1", "192.0.2.2", nil)[:30], 17},
				{"arp", append(ethernet(0x0806), make([]byte, 28)...), 11},
			} {
				p.send(t, s.frame, s.n)
				w := want[s.protocol]
				want[s.protocol] = row{w.Packets + uint64(s.n), w.Bytes + uint64(s.n*len(s.frame))}
			}
			if code := h.wait(20 * time.Second); code != 0 {
				t.Fatalf("exit status %d", code)
			}
			if n := p.programs(t); n != 0 {
				t.Errorf("%d programs stay on the interface", n)
			}
			got := lastCount(t, h.stdout.String())
			for protocol, w := range want {
				if got[protocol] != w {
					t.Errorf("%s: %+v, want %+v", protocol, got[protocol], w)
				}
				delete(got, protocol)
			}
			if len(got) > 0 {
				t.Errorf("counted what nobody sent: %+v", got)
			}
			if n := strings.Count(h.stdout.String(), `"dport":53,`); n != 307 {
				t.Errorf("%d packets to port 53 logged, want 307", n)
			}
		})
	}
}

// lastCount returns the rows of the counter's last JSON line, by key.
func lastCount(t *testing.T, out string) map[string]row {
	t.Helper()
	rows := map[string]row{}
	for line := range strings.Lines(out) {
		var count struct {
			Rows []struct {
				Key struct {
					Protocol string `json:"protocol"`
				} `json:"key"`
				Count row `json:"count"`
			} `json:"rows"`
		}
		if json.Unmarshal([]byte(line), &count) != nil || count.Rows == nil {
			continue
		}
		clear(rows)
		for _, r := range count.Rows {
			rows[r.Key.Protocol] = r.Count
		}
	}
	return rows
}
