package probe

import "github.com/hashicorp/go-hclog"

// Check finds what is wrong with the programs and attach blocks of a spec as far as that can be known without the kernel. The error is made
// of values of type [*Error], as that of [Load].
func Check(spec Spec) error {
	spec.Log = hclog.NewNullLogger()
	_, err := choose(&spec, spec.Object.Spec.Programs, spec.Object.Spec.Maps)
	return (&Probe{spec: spec}).named(err)
}
