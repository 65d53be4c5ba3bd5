package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Packets keep coming while the host stops. It detaches before it reads for the last time, so that what one program has counted and what it has
// sent are the same number of packets.
func TestStopUnderTraffic(t *testing.T) {
	needRoot(t)
	p := newPair(t)
	h := start(t, fmt.Sprintf(`
		probe "packets" {
			object = builtin.packets
			attach "count_packets" {
				interface = %q
				mode      = "generic"
			}
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
			from = [probe.packets.packets]
			config { output = "/dev/null" }
		}`, p.near))

	frame := ipv4(udp, "192.0.2.1", "192.0.2.2", transport(udp, 40000, 53))
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
				if err := unix.Sendto(p.socket, frame, 0, &p.address); err != nil {
					stopped <- err
					return
				}
			}
		}
	}()
	h.eventually("packets", func() bool { return lastCount(t, h.stdout.String())["udp"].Packets > 0 })
	code := h.stop()
	close(stop)
	check(t, <-stopped)
	if code != 0 {
		t.Fatalf("exit status %d", code)
	}
	line := regexp.MustCompile(`packets\.packets +(\d+) +\d+ +(\d+)\n`).FindStringSubmatch(h.stderr.String())
	if line == nil {
		t.Fatal("no line for packets.packets in the final statistics")
	}
	read, err := strconv.ParseUint(line[1], 10, 64)
	check(t, err)
	lost, err := strconv.ParseUint(line[2], 10, 64)
	check(t, err)
	if counted := lastCount(t, h.stdout.String())["udp"].Packets; counted != read+lost {
		t.Errorf("%d packets counted, but %d read and %d lost", counted, read, lost)
	}
}
