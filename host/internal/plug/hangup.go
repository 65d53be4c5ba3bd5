package plug

import (
	"context"
	"sync"
	"time"

	"github.com/probehost/probehost/sdk/wire"
)

// hangUpTimeout is how long a plugin may take to end when its work is done.
const hangUpTimeout = 3 * time.Second

// stream is the client's side of the stream, with an end that others can see.
type stream struct {
	wire.Plugin_StreamClient

	sending sync.Mutex // CloseSend and Send must not meet
	closed  bool
	ended   chan struct{} // closed when Recv has returned an error, io.EOF among them
	once    sync.Once
}

func (s *stream) Send(m *wire.ToPlugin) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.Plugin_StreamClient.Send(m)
}

func (s *stream) CloseSend() error {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.closed = true
	return s.Plugin_StreamClient.CloseSend()
}

func (s *stream) Recv() (*wire.FromPlugin, error) {
	m, err := s.Plugin_StreamClient.Recv()
	if err != nil {
		s.once.Do(func() { close(s.ended) })
	}
	return m, err
}

// hangUp closes the sending side if nobody has. It may block behind a Send that the plugin does not take; the end of the process ends that.
func (s *stream) hangUp() {
	s.sending.Lock()
	defer s.sending.Unlock()
	if !s.closed {
		s.closed = true
		_ = s.Plugin_StreamClient.CloseSend() // an error shows at Recv
	}
}

// hangUp ends the process by go-plugin's request, which has no deadline of its own, and by force if it does not follow.
func (p *Process) hangUp() {
	if p.child == nil {
		p.detach()
		return
	}
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		p.client.Kill()
	}()
	select {
	case <-p.done:
	case <-time.After(hangUpTimeout):
		_ = p.child.Kill(context.Background()) // never fails
		<-p.done
	}
	<-killed // the process is gone, so the request fails now if it has not
}
