package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/probehost/probehost/sdk/wire"
)

// debug serves, one host after the other, until it is interrupted. Logs and what the plugin prints stay on its own terminal.
func debug(t Type) error {
	s := newServer(t, func(level slog.Leveler) slog.Handler {
		return slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})
	})
	slog.SetDefault(s.log)
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	serving, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-interrupted.Done()
		stop() // a second interrupt kills
		ctx, done := context.WithTimeout(context.Background(), stopTimeout)
		defer done()
		s.shutdown(ctx)
		cancel()
	}()

	var trouble bytes.Buffer // what go-plugin says; it complains about every end
	attach := make(chan *plugin.ReattachConfig, 1)
	closed := make(chan struct{})
	go plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake(),
		Plugins:         plugin.PluginSet{wire.PluginName: servedPlugin{server: s}},
		GRPCServer:      newServed(s, 0).newServer,
		Logger:          hclog.New(&hclog.LoggerOptions{Output: &trouble, Level: hclog.Error, DisableTime: true}),
		Test:            &plugin.ServeTestConfig{Context: serving, ReattachConfigCh: attach, CloseCh: closed},
	})
	select {
	case c := <-attach:
		if err := printReattach(t, c); err != nil {
			return err
		}
	case <-closed:
		return fmt.Errorf("serving failed before a host could connect: %s", bytes.TrimSpace(trouble.Bytes()))
	}
	<-closed
	return nil
}

func printReattach(t Type, c *plugin.ReattachConfig) error {
	value, err := json.Marshal(map[string]wire.Reattach{
		t.info.Name: {Version: c.ProtocolVersion, Socket: c.Addr.String(), Pid: c.Pid},
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s waits for a host (pid %d). In another terminal, start probehost with this variable:\n\n\t%s='%s'\n\nCtrl-C ends it.\n",
		t.info.Name, c.Pid, wire.ReattachVariable, value)
	return nil
}
