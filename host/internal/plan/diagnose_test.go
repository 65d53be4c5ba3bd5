package plan

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probehost/probehost/host/internal/probe"
)

const toDiagnose = `
probe "p" {
  object   = builtin.packets
  first_of = ["count_ingress", "count_egress"]
  attach "count_packets" {
    interface = "lo"
  }
  attach "count_ingress" { interface = "eth0" }
  attach "count_egress" { interface = "eth1" }
  stream "packets" {
    size = "1MiB"
  }
}
handler "painter" "h" {
  from = [probe.p]
  config { color = "red" }
}
`

// What fails in the kernel is shown at the part of the file that is at fault.
func TestDiagnose(t *testing.T) {
	p, diags := build(t, toDiagnose, &fake{description: painter})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	cause := errors.New("invalid argument")
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"an argument": {
			&probe.Error{Probe: "p", Program: "count_packets", Attr: "interface", What: `interface "lo" is gone`, Cure: "choose another"},
			[]string{`probes.hcl:6,5-21: Program "count_packets" of probe "p"; Interface "lo" is gone. Choose another.`},
		},
		"an argument that is not given": {
			&probe.Error{Probe: "p", Program: "count_packets", Attr: "mode", What: "does not work", Err: cause},
			[]string{`probes.hcl:5,10-25: Program "count_packets" of probe "p"; Does not work: invalid argument.`},
		},
		"a program without a block": {
			&probe.Error{Probe: "p", Program: "other", Attr: "object", What: "is refused", Err: cause},
			[]string{`probes.hcl:3,14-29: Program "other" of probe "p"; Is refused: invalid argument.`},
		},
		"an alternative": {
			&probe.Error{Probe: "p", Program: "count_egress", Attr: "first_of", What: "does not attach."},
			[]string{`probes.hcl:4,32-46: Program "count_egress" of probe "p"; Does not attach.`},
		},
		"all alternatives": {
			&probe.Error{Probe: "p", Attr: "first_of", What: "this kernel takes none"},
			[]string{`probes.hcl:4,14-47: Probe "p"; This kernel takes none.`},
		},
		"a stream's size": {
			&probe.Error{Probe: "p", Stream: "packets", Attr: "size", What: "too large"},
			[]string{`probes.hcl:11,12-18: Stream "packets" of probe "p"; Too large.`},
		},
		"a stream": {
			&probe.Error{Probe: "p", Stream: "packets", What: "cannot be read"},
			[]string{`probes.hcl:10,10-19: Stream "packets" of probe "p"; Cannot be read.`},
		},
		"the probe": {
			&probe.Error{Probe: "p", What: "fails"},
			[]string{`probes.hcl:2,1-10: Probe "p"; Fails.`},
		},
		"several": {
			errors.Join(&probe.Error{Probe: "p", Stream: "packets", What: "b"}, fmt.Errorf("wrapped: %w", &probe.Error{Probe: "p", What: "a"})),
			[]string{`probes.hcl:2,1-10: Probe "p"; A.`, `probes.hcl:10,10-19: Stream "packets" of probe "p"; B.`},
		},
		"of no probe": {os.ErrDeadlineExceeded, []string{"<nil>: Failed; I/o timeout."}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(short(p.Diagnose(test.err)))); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}
