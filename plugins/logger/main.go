// Logger writes events as lines of JSON or text, to a file that it rotates or to the host's standard output.
package main

import "github.com/probehost/probehost/sdk"

var version = "dev" // set by the linker

var loggerType = sdk.NewType(sdk.Info{
	Name:    "logger",
	Version: version,
	Doc:     "Writes each event as a line of JSON or text, to a file that it rotates or to standard output.",
}, open)

func main() { sdk.Main(loggerType) }
