package probe

import (
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/host/internal/object"
)

// Spec says what to load, how to attach it and which of its streams are read.
type Spec struct {
	// Name of the probe, for messages.
	Name string
	// Object is not modified; several probes may share one.
	Object *object.Object
	// Attach supplies or overrides what the programs' sections leave open. A program may be named more than once, to attach it in
	// several places. Programs whose sections say where they belong attach without being named.
	Attach []Attach
	// FirstOf names alternatives: the first that the kernel loads and attaches is used, the rest is dropped.
	FirstOf []string
	// LogLevel is how much of the object's own log lines is wanted, also below the level of Log. hclog.NoLevel leaves it to the object.
	LogLevel hclog.Level
	// Streams are those that somebody reads.
	Streams []StreamSpec
	// Off names the streams that nobody reads: the verifier removes what feeds them, if the object has a switch for that.
	Off []string
	// Log receives the object's log lines and what is worth knowing about loading. Nil discards them. Its
	// levels have to be independent ([hclog.LoggerOptions]): lines that LogLevel asks for are logged at a level of their own.
	Log hclog.Logger
}

// StreamSpec is one stream to read, and how.
type StreamSpec struct {
	*object.Stream
	// Every is the time between snapshots of a polled map.
	Every time.Duration
	// Size in bytes of a ring buffer (0: as in the object; rounded up to what the kernel takes) or of each CPU's buffer of a perf
	// event array (0: [DefaultPerfSize]).
	Size uint32
	// Linger is how long records may lie in a ring buffer after the first of them woke the reader: waking and passing on cost more than
	// reading, so the more there is to read each time the cheaper. The reader comes earlier when the ring fills. Zero means
	// [DefaultLinger], negative none: read at each wake-up.
	Linger time.Duration
}

const (
	// DefaultLinger is the linger of a ring buffer.
	DefaultLinger = batch.MaxAge
	// DefaultPerfSize is the size of one CPU's buffer of a perf event array.
	DefaultPerfSize = 256 << 10
)

// Attach says where one program is attached. Which fields matter follows from the program's type; the others must be empty.
type Attach struct {
	Program string
	// Interface is the name of a network interface: XDP, TC, socket filters.
	Interface string
	// Mode of XDP: auto (the default: native, else generic), native or generic.
	Mode string
	// Target is a kernel function, a tracepoint ("category/name"; raw ones "name"), an LSM hook, or for TC and cgroup_skb programs
	// whose section leaves it open a direction: "ingress" or "egress".
	Target string
	// Binary is the path of the executable or library of a uprobe, Symbol a function in it, Offset bytes added to the symbol (or
	// an offset in the file, without a symbol). Offset also goes with kernel functions.
	Binary string
	Symbol string
	Offset uint64
	// Pid restricts a uprobe to one process.
	Pid int
	// Cgroup is the path of a cgroup v2 directory; its default is the root of the hierarchy.
	Cgroup string
	// Event is the software event of a perf_event program, by default cpu-clock. It is sampled Frequency times a second on each CPU,
	// or once every Period counts (for the clocks: nanoseconds). The default is 99 times a second.
	Event     string
	Frequency uint64
	Period    uint64
}
