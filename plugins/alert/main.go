// Alert watches for events that its rules describe, and tells people and programs.
package main

import "github.com/probehost/probehost/sdk"

var version = "dev" // set by the linker

var alertType = sdk.NewType(sdk.Info{
	Name:    "alert",
	Version: version,
	Doc:     "Watches for events that its rules describe, alone or too many in a time, and writes, posts or runs something.",
}, open)

func main() { sdk.Main(alertType) }
