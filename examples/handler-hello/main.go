// Hello greets each program that starts.
package main

import (
	"context"
	"fmt"

	"github.com/probehost/probehost/sdk"
)

type config struct {
	Greeting string `hcl:"greeting,optional" default:"hello" doc:"What each line begins with."`
}

var hello = sdk.NewType(sdk.Info{Name: "hello", Version: "1.0", Doc: "Greets programs that start."}, open)

func open(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
	return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
		comm, pid, ok := fields(b.Stream().Schema)
		if !ok {
			return fmt.Errorf("%s has no fields comm and pid", b.Stream())
		}
		for e := range b.Events() {
			fmt.Fprintf(h.Stdout(), "%s, %s (pid %d)\n", cfg.Greeting, e.String(comm), e.Uint64(pid))
		}
		return nil
	}), nil
}

func fields(s *sdk.Schema) (comm, pid *sdk.Field, ok bool) {
	comm, hasComm := s.Lookup("comm")
	pid, hasPID := s.Lookup("pid")
	return comm, pid, hasComm && hasPID
}

func main() { sdk.Main(hello) }
