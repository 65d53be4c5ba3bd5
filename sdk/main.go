package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
)

// Main is the main function of a plugin. Started by probehost, it serves handlers of type t until the host is done with them. Started by
// hand it explains what the plugin is and how to configure it; with --describe it prints that as JSON, with --debug it waits for a host to
// connect. Main does not return.
func Main(t Type) {
	switch arg := argument(); {
	case arg == "" && os.Getenv(wire.CookieKey) == wire.CookieValue:
		serve(t)
	case arg == "--describe":
		if err := describeJSON(os.Stdout, t); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case arg == "--debug":
		if err := debug(t); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case arg == "--help" || arg == "-h" || arg == "help":
		explain(os.Stdout, t)
	case arg == "--version":
		fmt.Println(t.info.Name, t.info.Version)
	case arg == "":
		explain(os.Stderr, t)
		os.Exit(1) // whatever started it expected something else
	default:
		fmt.Fprintf(os.Stderr, "%s: unknown argument %q, want --help, --describe, --debug or --version\n", t.info.Name, arg)
		os.Exit(2)
	}
	os.Exit(0)
}

func argument() string {
	if len(os.Args) < 2 {
		return ""
	}
	return os.Args[1]
}

// serve ends the process when the host has ended its work, or is gone.
func serve(t Type) {
	// The standard error of the process goes to the host's log. go-plugin is about to put another file in its place.
	stderr := os.Stderr
	s := newServer(t, func(level slog.Leveler) slog.Handler { return newLogHandler(stderr, level, t.info.Name) })
	slog.SetDefault(s.log)

	// Interrupts from the terminal are for the host. Broken pipes are errors of a write: the handler is closed all the same when the host dies.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGPIPE)
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	listener := newServed(s, os.Getppid())
	listener.stdout, listener.stderr = os.Stdout, stderr
	go listener.watch(terminate)

	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake(),
		Plugins:         plugin.PluginSet{wire.PluginName: servedPlugin{server: s}},
		GRPCServer:      listener.newServer,
		Logger: hclog.New(&hclog.LoggerOptions{
			Name: "go-plugin", Level: hclog.Warn, Output: stderr, JSONFormat: true,
		}),
	})
	// The handler is still open if the host is out of patience, or gave up before the stream.
	time.AfterFunc(partingTimeout, func() { listener.exit(0) })
	s.shutdown(context.Background())
	listener.exit(0)
}

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
	}
}

// served ends the process when it is asked to, or when the host is gone.
type served struct {
	server *server
	parent int
	grpc   chan *grpc.Server

	stdout, stderr *os.File // of the process
	restore        sync.Once
}

func newServed(s *server, parent int) *served {
	return &served{server: s, parent: parent, grpc: make(chan *grpc.Server, 1)}
}

func (l *served) newServer(opts []grpc.ServerOption) *grpc.Server {
	opts = append(opts, wire.ServerOptions()...)
	if l.stderr != nil {
		opts = append(opts, grpc.ChainUnaryInterceptor(l.restoreFiles))
	}
	g := grpc.NewServer(opts...)
	l.grpc <- g
	return g
}

// restoreFiles undoes, before the first call, what go-plugin did to os.Stdout and os.Stderr when it began to serve. It sends what is written
// there in small pieces over gRPC, so that the last words before an exit are lost; the host reads the process's own pipes.
func (l *served) restoreFiles(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	l.restore.Do(func() { os.Stdout, os.Stderr = l.stdout, l.stderr })
	return next(ctx, r)
}

const (
	// stopTimeout is how long everything may take between the request to end and the end of the process: the batch at hand and Close.
	stopTimeout = finishTimeout + closeTimeout + 2*time.Second
	// hangupTimeout is how long a plugin that has finished waits for the host to take note.
	hangupTimeout = 2 * time.Second
	// partingTimeout is how long the handler may take to close when the host has ended the service. The host kills after two seconds.
	partingTimeout = 1500 * time.Millisecond
	parentCheck    = 1 * time.Second
)

// watch stops the server after a signal, or after the death of the host. The kernel also sends that signal when the host dies;
// looking at the parent is for kernels and hosts that do not.
func (l *served) watch(terminate <-chan os.Signal) {
	ticker := time.NewTicker(parentCheck)
	defer ticker.Stop()
	for os.Getppid() == l.parent {
		select {
		case <-terminate:
		case <-ticker.C:
			continue
		}
		break
	}
	time.AfterFunc(stopTimeout+hangupTimeout, func() { l.exit(1) })
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	l.server.shutdown(ctx)
	for wait := time.Now().Add(hangupTimeout); time.Now().Before(wait) && os.Getppid() == l.parent; {
		time.Sleep(20 * time.Millisecond) // the host reads the last acknowledgement and ends the process
	}
	select {
	case g := <-l.grpc:
		g.Stop()
	default:
		l.exit(1) // not serving yet
	}
}

// exit ends the process, and does the host's part of that if it is dead: nobody else removes the socket's folder, or ends the processes that
// the plugin has started.
func (l *served) exit(status int) {
	if os.Getppid() != l.parent {
		if dir := os.Getenv(plugin.EnvUnixSocketDir); dir != "" {
			_ = os.Remove(dir) // a directory in use is not empty and stays
		}
		endGroup()
	}
	os.Exit(status)
}

// servedPlugin registers the service with go-plugin's server.
type servedPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	server wire.PluginServer
}

func (p servedPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterPluginServer(s, p.server)
	return nil
}

func (p servedPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("a plugin is not a client")
}
