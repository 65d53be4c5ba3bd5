package plug

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-plugin"
	"github.com/probehost/probehost/sdk/wire"
)

// handshake watches the first line that a process prints, by which a plugin says where it listens, and passes it on to go-plugin only if
// it is in order. What go-plugin would make of others is not meant for users, and a plugin must not choose where the host connects.
type handshake struct {
	dir     string // where the socket has to be
	reader  *io.PipeReader
	writer  *io.PipeWriter
	refused chan struct{} // closed when the line is not in order

	mu     sync.Mutex
	reason string // why not
}

func newHandshake(dir string) *handshake {
	h := &handshake{dir: dir, refused: make(chan struct{})}
	h.reader, h.writer = io.Pipe()
	return h
}

// read reads the output of the process until it ends. Lines after the first go to rest.
func (h *handshake) read(stdout *os.File, rest func([]byte)) {
	defer h.writer.Close()
	first := true
	readLines(stdout, func(text []byte) {
		if !first {
			rest(text)
			return
		}
		first = false
		if reason := h.check(string(text)); reason != "" {
			h.mu.Lock()
			h.reason = reason
			h.mu.Unlock()
			close(h.refused)
			return
		}
		_, _ = fmt.Fprintf(h.writer, "%s\n", text) // fails when go-plugin has given up
	})
}

// check returns what is wrong with the line, or nothing.
func (h *handshake) check(line string) string {
	parts := strings.Split(line, "|")
	if len(parts) < 5 || !number(parts[0]) || !number(parts[1]) {
		if len(line) > 200 {
			line = line[:200] + "..."
		}
		return fmt.Sprintf("is not a probehost plugin: the first thing that it printed is %q; a plugin must not print to standard output before sdk.Main",
			printable([]byte(line)))
	}
	switch core, version, network, address, protocol := parts[0], parts[1], parts[2], parts[3], parts[4]; {
	case len(parts) > 5 && parts[5] != "": // go-plugin would panic
		return "offers a certificate, as for go-plugin's AutoMTLS, which probehost does not use; build it with the sdk of this probehost"
	case core != strconv.Itoa(plugin.CoreProtocolVersion):
		return fmt.Sprintf("speaks version %s of go-plugin's protocol, this probehost version %d; build it with the sdk of this probehost", core, plugin.CoreProtocolVersion)
	case version != strconv.Itoa(wire.ProtocolVersion):
		return fmt.Sprintf("speaks version %s of probehost's plugin protocol, this probehost version %d; build it with the sdk of this probehost", version, wire.ProtocolVersion)
	case protocol != string(plugin.ProtocolGRPC):
		return fmt.Sprintf("speaks %q instead of gRPC; build it with the sdk of this probehost", printable([]byte(protocol)))
	case network != "unix" || filepath.Dir(filepath.Clean(address)) != h.dir:
		return fmt.Sprintf("listens at %s %q, not in the folder %s that it was given", printable([]byte(network)), printable([]byte(address)), h.dir)
	}
	return ""
}

// refusal returns why the handshake failed, or nothing.
func (h *handshake) refusal() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reason
}

func number(s string) bool {
	n, err := strconv.ParseUint(s, 10, 32)
	return err == nil && strconv.FormatUint(n, 10) == s
}
