package plug

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"github.com/probehost/probehost/sdk/wire"
	"golang.org/x/sys/unix"
)

// reattachment returns where the plugin of that name listens, if somebody started it with --debug and told us.
func reattachment(name string) (wire.Reattach, bool, error) {
	value := os.Getenv(wire.ReattachVariable)
	if value == "" {
		return wire.Reattach{}, false, nil
	}
	var all map[string]wire.Reattach
	if err := json.Unmarshal([]byte(value), &all); err != nil {
		return wire.Reattach{}, false, fmt.Errorf("%s is not what a plugin's --debug prints: %w", wire.ReattachVariable, err)
	}
	at, ok := all[name]
	return at, ok, nil
}

// reattach connects to a plugin that runs already. It goes on running after Close.
func reattach(ctx context.Context, o Options, at wire.Reattach) (*Process, error) {
	fail := func(err error) (*Process, error) {
		return nil, &Error{Name: o.Name, Path: at.Socket, Err: err,
			What: fmt.Sprintf("cannot be reached as %s says: %v; is it still running with --debug?", wire.ReattachVariable, err)}
	}
	if at.Version != wire.ProtocolVersion {
		return fail(fmt.Errorf("it speaks version %d of the plugin protocol, this probehost version %d", at.Version, wire.ProtocolVersion))
	}
	if conn, err := net.DialTimeout("unix", at.Socket, o.StartTimeout); err != nil {
		return fail(err)
	} else if err := conn.Close(); err != nil {
		return fail(err)
	}
	p := newProcess(o, "")
	p.attached = &attached{pid: at.Pid, released: make(chan struct{})}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshakeConfig(),
		Plugins:          plugin.PluginSet{wire.PluginName: &p.connection},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Reattach: &plugin.ReattachConfig{
			Protocol: plugin.ProtocolGRPC, ProtocolVersion: at.Version, Addr: &net.UnixAddr{Name: at.Socket, Net: "unix"}, Pid: at.Pid,
			Test:         true, // Kill leaves it alone
			ReattachFunc: func() (runner.AttachedRunner, error) { return p.attached, nil },
		},
		Logger:          hclog.NewNullLogger(),
		GRPCDialOptions: p.connection.dialOptions(),
	})
	ready := make(chan error, 1)
	go func() { ready <- p.connect() }()
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	var err error
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		p.attached.release() // ends connect if it hangs
		p.connection.close()
		return fail(err)
	}
	o.Log.Info("attached to a plugin started with --debug", "pid", at.Pid)
	go func() {
		if err := p.attached.Wait(context.Background()); err == nil {
			p.mu.Lock()
			p.err = fmt.Errorf("plugin %s (pid %d), started with --debug, has ended", o.Name, at.Pid)
			p.mu.Unlock()
		}
		close(p.done)
	}()
	return p, nil
}

// detach drops the connection.
func (p *Process) detach() {
	p.attached.release()
	p.connection.close()
	<-p.done
}

// attached is a process that somebody else started. It is go-plugin's runner.AttachedRunner.
type attached struct {
	pid      int
	released chan struct{}
	once     sync.Once
}

var errReleased = errors.New("released")

// Wait implements runner.AttachedRunner: it returns nil when the process is gone, or an error when nobody cares any more.
func (a *attached) Wait(context.Context) error {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-a.released:
			return errReleased
		case <-ticker.C:
			if errors.Is(unix.Kill(a.pid, 0), unix.ESRCH) {
				return nil
			}
		}
	}
}

func (a *attached) release() { a.once.Do(func() { close(a.released) }) }

// Kill implements runner.AttachedRunner.
func (a *attached) Kill(context.Context) error { return nil }

// ID implements runner.AttachedRunner.
func (a *attached) ID() string { return strconv.Itoa(a.pid) }

// PluginToHost implements runner.AttachedRunner: both see the same file system.
func (a *attached) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.AttachedRunner.
func (a *attached) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
