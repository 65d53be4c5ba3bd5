package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/pipeline"
	"github.com/probehost/probehost/host/internal/plan"
	"github.com/probehost/probehost/host/internal/probe"
)

// diagnose turns the error of a start into diagnostics that point at the part of the file that they are about.
func diagnose(p *plan.Plan, err error) hcl.Diagnostics {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all hcl.Diagnostics
		for _, e := range joined.Unwrap() {
			all = append(all, diagnose(p, e)...)
		}
		return all
	}
	if refused, ok := errors.AsType[*pipeline.OpenError](err); ok {
		return refused.Handler.Diagnose(refused.Diagnostics)
	}
	return p.Diagnose(err)
}

// verifierLogs prints the logs of the programs that the verifier rejected.
func verifierLogs(w io.Writer, err error, whole bool) {
	for _, e := range probe.Errors(err) {
		log := e.VerifierLog()
		if len(log) == 0 {
			continue
		}
		if !whole {
			fmt.Fprintln(w, "With -v the verifier's whole log is shown.")
			return
		}
		fmt.Fprintf(w, "The verifier's log for program %q of probe %q:\n", e.Program, e.Probe)
		for _, line := range log {
			fmt.Fprintln(w, "  "+printable(line))
		}
	}
}
