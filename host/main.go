// Command probehost loads the BPF probes that an HCL file names and hands what they emit to handler plugins.
package main

import (
	"os"

	"github.com/probehost/probehost/host/internal/cli"
)

// version is set when the program is built: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	os.Exit(cli.Main(version))
}
