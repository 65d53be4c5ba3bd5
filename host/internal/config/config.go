package config

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/sdk/record"
)

// Config is what the files say. It is not modified after [Load].
type Config struct {
	// Dir is the folder that relative paths in the files refer to.
	Dir string
	// Files are the sources of all diagnostics, by the name that ranges have.
	Files map[string]*hcl.File
	// Eval evaluates expressions of load time.
	Eval *hcl.EvalContext

	// Partial says that parts of the files could not be read, which has been reported: more may be declared than is here.
	Partial bool

	Host     Host
	Probes   []*Probe // these in the order of the files
	Handlers []*Handler
	Plugins  []*Plugin
}

// Probe returns the probe of that name, or nil.
func (c *Config) Probe(name string) *Probe {
	for _, p := range c.Probes {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Plugin returns the plugin block of that name, or nil.
func (c *Config) Plugin(name string) *Plugin {
	for _, p := range c.Plugins {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Arg is the value of an argument and where it stands. The zero Arg was not given.
type Arg[T any] struct {
	Value T
	Given bool
	Range hcl.Range
}

// Or returns the value, or the default if none was given.
func (a Arg[T]) Or(def T) T {
	if a.Given {
		return a.Value
	}
	return def
}

// Host is the host block. It need not exist.
type Host struct {
	LogLevel   Arg[string] // trace, debug, info, warn, error or off
	RuntimeDir Arg[string] // absolute
	PluginDir  Arg[string] // absolute; searched for plugins first
}

// Probe is a probe block.
type Probe struct {
	Name      string
	NameRange hcl.Range
	Range     hcl.Range // `probe "name"`

	Incomplete bool // some arguments or blocks could not be understood, which has been reported

	Object   Object
	Attach   []*Attach
	FirstOf  Arg[[]Arg[string]]
	LogLevel Arg[string] // off, error, warn, info or debug
	Streams  []*Stream
}

// Stream returns the stream block of that name, or nil.
func (p *Probe) Stream(name string) *Stream {
	for _, s := range p.Streams {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Object says which BPF object a probe loads: a built-in one or a file.
type Object struct {
	Builtin string // builtin.NAME; else
	Path    string // absolute, or relative to the working directory
	Given   bool
	Range   hcl.Range
}

// Attach is an attach block.
type Attach struct {
	probe.Attach
	NameRange  hcl.Range            // the program's name
	Range      hcl.Range            // `attach "program"`
	Args       map[string]hcl.Range // of the arguments understood, by name
	Incomplete bool                 // some argument could not be understood, which has been reported
}

// Stream is a stream block.
type Stream struct {
	Name      string
	NameRange hcl.Range
	Range     hcl.Range // `stream "name"`

	Every  Arg[time.Duration]
	Size   Arg[uint64] // bytes, fits 32 bits
	Linger Arg[time.Duration]
	Type   Arg[string]
	PerCPU Arg[string]    // sum or list
	Where  hcl.Expression // nil: every record
	Fields []*Field
}

// Options are those of [object.Object.Stream].
func (s *Stream) Options() object.StreamOptions {
	o := object.StreamOptions{Type: s.Type.Value, PerCPU: s.PerCPU.Value, Formats: map[string]record.Format{}}
	for _, f := range s.Fields {
		o.Formats[f.Name] = f.Format.Value
	}
	return o
}

// Field is a field block of a stream.
type Field struct {
	Name      string
	NameRange hcl.Range
	Format    Arg[record.Format]
}

// Handler is a handler block.
type Handler struct {
	Plugin      string
	PluginRange hcl.Range
	Name        string
	NameRange   hcl.Range
	Range       hcl.Range // `handler "plugin" "name"`

	From       []Ref
	FromRange  hcl.Range
	Incomplete bool           // some of From could not be understood, which has been reported
	Where      hcl.Expression // nil: every record
	Queue      Queue
	// Config is the body of the config block; an empty one if there is none.
	Config      hcl.Body
	ConfigRange hcl.Range // of the block's first line; if there is none, of the handler's
}

// DefaultQueue is the size of a handler's queue in bytes.
const DefaultQueue = 8 << 20

// Queue is a queue block. It need not exist.
type Queue struct {
	Size Arg[uint64] // bytes
}

// Ref is a reference to a probe or one of its streams.
type Ref struct {
	Probe       string
	ProbeRange  hcl.Range
	Stream      string // empty: all of them
	StreamRange hcl.Range
	Range       hcl.Range // of the whole
}

func (r Ref) String() string {
	if r.Stream == "" {
		return "probe." + r.Probe
	}
	return "probe." + r.Probe + "." + r.Stream
}

// Plugin is a plugin block.
type Plugin struct {
	Name      string
	NameRange hcl.Range
	Range     hcl.Range // `plugin "name"`

	Path Arg[string] // absolute, or relative to the working directory
}
