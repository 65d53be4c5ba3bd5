package plug

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-plugin"
	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// connection is what go-plugin dispenses: the calls of a plugin.
type connection struct {
	plugin.NetRPCUnsupportedPlugin
	rpc  wire.PluginClient
	conn atomic.Pointer[grpc.ClientConn]
}

// GRPCClient implements plugin.GRPCPlugin.
func (c *connection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	c.rpc = wire.NewPluginClient(conn)
	return c.rpc, nil
}

// GRPCServer implements plugin.GRPCPlugin.
func (c *connection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host serves no plugins")
}

// brokerService is go-plugin's for further connections. It is not used, and its client keeps something for every message of the plugin.
const brokerService = "/plugin.GRPCBroker/"

// dialOptions are those of package wire, and one that keeps the broker's stream closed, and gets hold of the connection: go-plugin does not
// close it when its first call fails, nor when it was reattached.
func (c *connection) dialOptions() []grpc.DialOption {
	return append(wire.DialOptions(), grpc.WithChainStreamInterceptor(func(
		ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		c.conn.Store(conn)
		if strings.HasPrefix(method, brokerService) {
			return nil, status.Error(codes.Unimplemented, "there is no broker")
		}
		return next(ctx, desc, conn, method, opts...)
	}))
}

func (c *connection) close() {
	if conn := c.conn.Load(); conn != nil {
		_ = conn.Close() // fails only if closed already
	}
}
