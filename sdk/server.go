package sdk

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"sync"

	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// NewServer returns the gRPC service of a plugin, for programs that serve it in a way of their own; [Main] is the usual one. Its grpc.Server
// must have [wire.ServerOptions]. Log lines go to logs, in the form that the host reads from a plugin's stderr.
func NewServer(t Type, logs io.Writer) wire.PluginServer {
	return newServer(t, func(level slog.Leveler) slog.Handler { return newLogHandler(logs, level, t.info.Name) })
}

// server serves one handler at a time.
type server struct {
	wire.UnimplementedPluginServer
	typ   Type
	level slog.LevelVar
	log   *slog.Logger
	stop  chan struct{} // closed when the process has to end
	once  sync.Once     // for stop

	mu     sync.Mutex
	opened *session // open and not yet ended
}

func newServer(t Type, logs func(slog.Leveler) slog.Handler) *server {
	s := &server{typ: t, stop: make(chan struct{})}
	s.log = slog.New(logs(&s.level))
	return s
}

func (s *server) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	i := s.typ.info
	return &wire.DescribeResponse{Name: i.Name, Version: i.Version, Doc: i.Doc, Config: s.typ.config.wire()}, nil
}

func (s *server) Validate(_ context.Context, r *wire.OpenRequest) (*wire.ValidateResponse, error) {
	h, err := s.newHost(r)
	if err != nil {
		return nil, err
	}
	h.output.close() // nothing may be printed yet
	_, err = s.configure(h, r)
	return &wire.ValidateResponse{Diagnostics: diagnostics(err)}, nil
}

func (s *server) Open(ctx context.Context, r *wire.OpenRequest) (*wire.OpenResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch last := s.opened; {
	case last == nil:
	case last.started:
		return nil, status.Errorf(codes.FailedPrecondition, "the handler %q is open already: one process runs one handler", last.host.name)
	default: // its host failed before the stream; under --debug, this is the next one
		s.opened = nil
		last.close()
	}
	h, err := s.newHost(r)
	if err != nil {
		return nil, err
	}
	cfg, err := s.configure(h, r)
	if err != nil {
		return &wire.OpenResponse{Diagnostics: diagnostics(err)}, nil
	}
	handler, err := s.typ.open(ctx, h, cfg)
	if err == nil && handler == nil {
		err = Errorf(nil, "the plugin's open function returned no handler")
	}
	if err != nil {
		return &wire.OpenResponse{Diagnostics: diagnostics(err)}, nil
	}
	s.opened = newSession(h, handler)
	return &wire.OpenResponse{}, nil
}

func (s *server) Stream(stream grpc.BidiStreamingServer[wire.ToPlugin, wire.FromPlugin]) error {
	s.mu.Lock()
	session := s.opened
	if session == nil || session.started {
		s.mu.Unlock()
		return status.Error(codes.FailedPrecondition, "Stream comes once, after Open")
	}
	session.started = true
	s.mu.Unlock()

	defer func() {
		s.mu.Lock()
		s.opened = nil
		s.mu.Unlock()
		close(session.ended)
	}()
	return session.run(stream, s.stop)
}

// newHost makes the host as a handler sees it.
func (s *server) newHost(r *wire.OpenRequest) (*Host, error) {
	s.level.Set(parseLevel(r.GetLogLevel()))
	streams, err := decodeStreams(r.GetStreams())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	h := &Host{name: r.GetHandler(), log: s.log, streams: streams, output: newOutput(s.log)}
	h.terminal.Store(r.GetTerminal())
	return h, nil
}

// configure reads the configuration and lets its Validate look at it.
func (s *server) configure(h *Host, r *wire.OpenRequest) (reflect.Value, error) {
	reader := configReader{expressions: r.GetExpressions(), streams: h.streams}
	cfg, err := reader.read(s.typ.config, r.GetConfig())
	if err != nil {
		return cfg, err
	}
	// A pointer has the methods of the value too.
	p := reflect.New(cfg.Type())
	p.Elem().Set(cfg)
	if v, ok := reflect.TypeAssert[Validator](p); ok {
		err = v.Validate(h)
	}
	return p.Elem(), err
}

// shutdown ends the session as if the host had ended the stream, and returns when it has, or when there is none. It may be called again.
func (s *server) shutdown(ctx context.Context) {
	s.once.Do(func() { close(s.stop) })
	s.mu.Lock()
	session := s.opened
	waiting := session != nil && !session.started
	if waiting {
		session.started = true // too late for Stream
	}
	s.mu.Unlock()
	switch {
	case session == nil:
	case waiting:
		session.close()
		close(session.ended)
	default:
		select {
		case <-session.ended:
		case <-ctx.Done():
		}
	}
}
