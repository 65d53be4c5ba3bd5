// Package sdk is for writing handler plugins of probehost.
//
// A plugin is a program that gets events from kernel probes and does something with them: count, log, alert. It runs in a
// process of its own, without privileges, and knows nothing of BPF:
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//
//		"github.com/probehost/probehost/sdk"
//	)
//
//	func main() {
//		sdk.Main(sdk.NewType(sdk.Info{Name: "hello", Version: "1.0", Doc: "Prints events."}, open))
//	}
//
//	type config struct {
//		Prefix string        `hcl:"prefix,optional" default:">" doc:"What each line begins with."`
//		When   sdk.Predicate `hcl:"when,optional" doc:"Print only events for which this holds."`
//	}
//
//	func open(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
//		return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
//			for e := range b.Events() {
//				if cfg.When.Match(e) {
//					fmt.Fprintln(h.Stdout(), cfg.Prefix, e.Text())
//				}
//			}
//			return nil
//		}), nil
//	}
//
// Built as hello into a folder where probehost looks for plugins, it is what `handler "hello" "NAME"` in probes.hcl runs. Started by hand it
// says what that block may hold.
//
// # Life of a handler
//
// One process runs one `handler` block of probes.hcl. The host starts it, checks the configuration, and calls open. Then it sends batches, which go
// to HandleBatch one after the other, in order within a stream. When the host stops, it ends the stream; the handler has its last batches, then
// [Closer] is called, then the process ends. The same happens on SIGTERM, and when the host dies.
//
// A batch counts as delivered when HandleBatch has returned. When the process dies before that, the host knows which batches are open. A
// panic is not caught: the process ends and the host shows the stack.
//
// # Events
//
// A [Batch] holds records as the kernel wrote them. The [Schema] of its [Stream] says which fields they have. Look fields up once,
// in open, for each stream of [Host.Streams]; then read them with [Event.Uint64], [Event.Bytes] and so on, which allocate nothing. If the
// plugin was written for one kind of record, [Records] gives them as Go structs. [Event.AppendText] and [Event.AppendJSON] render any event,
// [Event.String] and [Event.AppendFieldJSON] a field of it.
//
// # Configuration
//
// The host parses the user's file and checks it against the struct given to [NewType], so mistakes show with file and line, and
// `probehost plugins` prints what there is to configure. Fields have these tags:
//
//	hcl:"name"           a required attribute
//	hcl:"name,optional"  an optional one: the zero value or the default if left out
//	hcl:"name,block"     a block: a struct (required), a pointer to one (optional) or a slice of them (any number)
//	hcl:"name,label"     a string: a label of the block that the struct is, in the order of the fields
//	default:"5"          the default, as the user would write it; lists: comma-separated
//	oneof:"a,b"          the values allowed
//	doc:"..."            what it does, in a sentence
//	sensitive:"true"     never shown
//
// Attributes are strings, bools, integers, float64, [time.Duration] ("10s"), [Size] ("10MiB"), [FieldName] (event.pid), slices and string-keyed maps of
// those, [Predicate] and [Template]. What types cannot say is checked by [Validator], whose errors point at attributes by [Errorf].
//
// # Output
//
// Standard output belongs to the host: use [Host.Stdout] and [Host.Live]. [Host.Log] writes to the host's log; the package functions of log/slog and
// log go there too, as does what is written to standard error.
//
// Package sdktest runs a handler in a Go test.
package sdk
