package wire

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

const (
	// MaxMessage is the largest message that either side takes, in bytes.
	MaxMessage = 16 << 20
	// window is how much may be under way to a receiver that does not read, for a stream and for the connection.
	window = 4 << 20
	// buffer is how much is read from or written to the socket at a time. Larger than grpc's 32 KiB: fewer system calls per batch.
	buffer = 256 << 10
)

// ServerOptions are the options of the plugin's gRPC server.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(Codec()),
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.InitialWindowSize(window),
		grpc.InitialConnWindowSize(window),
		grpc.ReadBufferSize(buffer),
		grpc.WriteBufferSize(buffer),
	}
}

// DialOptions are the options of the host's connection to a plugin.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		// Fixed windows switch off the probing for larger ones, which costs pings. What comes up is acknowledgements and output.
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(window),
		grpc.WithReadBufferSize(buffer),
		grpc.WithWriteBufferSize(buffer),
		grpc.WithDisableRetry(),         // a retry would keep copies of what was sent
		grpc.WithDisableServiceConfig(), // nothing to look up for a unix socket
		grpc.WithNoProxy(),
	}
}

// Codec returns the codec of the plugin's side: protobuf's, which also decodes into an [Inbound].
func Codec() encoding.CodecV2 { return codec{encoding.GetCodecV2(proto.Name)} }

type codec struct{ encoding.CodecV2 }

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if in, ok := v.(*Inbound); ok {
		return in.decode(data)
	}
	return c.CodecV2.Unmarshal(data, v)
}
