// Package wire is the protocol between the host and a handler plugin: the generated code of probehost.proto, conversions between its messages
// and the types of packages record and expr, and the gRPC settings that both sides share.
//
// Messages come from another process. The decoders here bound sizes, counts and depth, and check every index.
package wire

// Handshake of go-plugin: what host and plugin must agree on before they talk.
const (
	// ProtocolVersion counts the versions of the protocol that do not understand each other.
	ProtocolVersion = 1
	// CookieKey is the environment variable that tells a plugin that probehost started it. It is no secret.
	CookieKey   = "PROBEHOST_PLUGIN"
	CookieValue = "handler/v1"
	// PluginName is the name of the one plugin in the set that go-plugin dispenses.
	PluginName = "handler"
	// ReattachVariable holds plugins to connect to instead of starting them, as JSON: plugin name to [Reattach].
	ReattachVariable = "PROBEHOST_REATTACH"
)

// Reattach says where a plugin listens that was started by hand with --debug.
type Reattach struct {
	Version int    `json:"version"` // its [ProtocolVersion]
	Socket  string `json:"socket"`  // path of its unix socket
	Pid     int    `json:"pid"`
}
