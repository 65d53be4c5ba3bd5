package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// terminal is the master of a pseudo-terminal: what a user types and sees.
type terminal struct {
	t      *testing.T
	master *os.File
	hungUp chan struct{} // closed when all that was written to the terminal is in the host's stdout
}

// onTerminal starts probehost with its standard files on a new terminal; what it shows is in the host's stdout.
func onTerminal(t *testing.T, width, height uint16, config string) (*host, *terminal) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	check(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	check(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	check(t, err)
	defer slave.Close()
	tty := &terminal{t: t, master: master, hungUp: make(chan struct{})}
	tty.resize(width, height)

	h := command(t, config, "run")
	h.cmd.Env = append(os.Environ(), "TERM=xterm")
	h.cmd.Stdin, h.cmd.Stdout, h.cmd.Stderr = slave, slave, slave
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	h.launch()
	go func() {
		defer close(tty.hungUp)
		_, _ = io.Copy(&h.stdout, master) // ends with an error when the last user of the terminal is gone
	}()
	return h, tty
}

func (t *terminal) resize(width, height uint16) {
	t.t.Helper()
	check(t.t, unix.IoctlSetWinsize(int(t.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}))
}

func (t *terminal) typed(keys string) {
	t.t.Helper()
	_, err := t.master.WriteString(keys)
	check(t.t, err)
}

// On a terminal the table is drawn again in place, follows the size of the terminal, and stays as the last thing but the statistics.
func TestTerminal(t *testing.T) {
	needRoot(t)
	p := newPair(t)
	h, tty := onTerminal(t, 100, 30, fmt.Sprintf(`
		probe "packets" {
			object = builtin.packets
			attach "count_packets" {
				interface = %q
				mode      = "generic"
			}
			stream "protocols" { every = "100ms" }
		}
		handler "counter" "by_protocol" {
			from = [probe.packets.protocols]
			config {
				key   = "protocol"
				every = "100ms"
			}
		}`, p.near))
	h.waitFor(&h.stdout, "running")
	p.send(t, ipv4(icmp, "192.0.2.1", "192.0.2.2", make([]byte, 56)), 7)
	h.eventually("a table that is drawn in place", func() bool { return len(frames(h.stdout.String())) >= 3 })
	h.eventually("the packets in it", func() bool {
		all := frames(h.stdout.String())
		return regexp.MustCompile(`(?m)^icmp +7 `).MatchString(all[len(all)-1])
	})

	const narrow = 24
	tty.resize(narrow, 30)
	before := len(frames(h.stdout.String()))
	h.eventually("a table in the new size", func() bool { return len(frames(h.stdout.String())) >= before+5 })
	all := frames(h.stdout.String())
	for line := range strings.Lines(all[len(all)-1]) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\r\n")); n > narrow {
			t.Errorf("a line of %d characters on a terminal of %d: %q", n, narrow, line)
		}
	}

	tty.typed("\x03")
	if code := h.wait(15 * time.Second); code != 0 {
		t.Errorf("exit status %d", code)
	}
	<-tty.hungUp
	out := h.stdout.String()
	rest := out[strings.LastIndex(out, "\x1b[J"):]
	if n := strings.Count(rest, "icmp "); n != 1 || strings.Index(rest, "icmp ") > strings.Index(rest, "delivered") {
		t.Errorf("at the end the table is there %d times: %q", n, rest)
	}
	if n := p.programs(t); n != 0 {
		t.Errorf("%d programs stay on the interface", n)
	}
}

// frames returns the live blocks as they were drawn, one after the other.
func frames(out string) []string {
	var all []string
	for _, part := range strings.Split(out, "\x1b[?7l")[1:] {
		if frame, _, ok := strings.Cut(part, "\x1b[?7h"); ok {
			all = append(all, strings.ReplaceAll(frame, "\r", ""))
		}
	}
	return all
}

// Ctrl-C twice on a terminal that was stopped with Ctrl-S, with a plugin that hangs: all is gone, and the terminal is usable.
func TestStoppedTerminal(t *testing.T) {
	needRoot(t)
	h, tty := onTerminal(t, 80, 24, execToLogger)
	h.waitFor(&h.stdout, "running")
	links, plugins := h.links(), children(t, h.cmd.Process.Pid)
	check(t, syscall.Kill(plugins[0], syscall.SIGSTOP))
	tty.typed("\x13")
	time.Sleep(100 * time.Millisecond)
	check(t, h.cmd.Process.Signal(syscall.SIGTERM)) // from elsewhere: it does not let the terminal go on
	select {
	case <-h.exited:
		t.Fatal("it did not wait for the plugin")
	case <-time.After(500 * time.Millisecond):
	}
	if attached(t, links) {
		t.Error("it is still attached")
	}
	tty.typed("\x03")
	h.wait(2 * time.Second)
	if err := syscall.Kill(plugins[0], syscall.SIGCONT); !errors.Is(err, syscall.ESRCH) {
		check(t, err)
	}
	gone(t, links, plugins)
}
