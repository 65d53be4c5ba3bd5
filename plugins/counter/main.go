// Counter counts events by the value of a field: totals, rates and shares, as a table or as JSON.
package main

import "github.com/probehost/probehost/sdk"

var version = "dev" // set by the linker

var counterType = sdk.NewType(sdk.Info{
	Name:    "counter",
	Version: version,
	Doc:     "Counts events, packets, bytes or any other number by the value of a field, and shows totals, rates and shares.",
}, open)

func main() { sdk.Main(counterType) }
