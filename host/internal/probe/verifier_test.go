package probe

import (
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
)

// TestExplainVerifier gives it logs as kernels of other versions write them; TestLoadErrors has those of this one.
func TestExplainVerifier(t *testing.T) {
	for name, tt := range map[string]struct {
		cause error
		log   string
		want  []string
		cure  string
	}{
		"without places, before Linux 6.8": {
			log: "0: R1=ctx(off=0,imm=0) R10=fp0\n; return number[3];\n8: (79) r6 = *(u64 *)(r0 +24)\nR0 invalid mem access 'scalar'\n" +
				"processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
			want: []string{"the verifier refuses it: R0 invalid mem access 'scalar'\n  at return number[3];\n  the end of its log:\n    0: R1="}},
		"with places": {
			log:  "; return number[3]; @ x.bpf.c:24\n8: (79) r6 = *(u64 *)(r0 +24)\na: b\nc",
			want: []string{"the verifier refuses it: a: b: c\n  at x.bpf.c:24: return number[3];\n"}},
		"unknown helper": {
			log: "7: (85) call unknown#195\ninvalid func unknown#195", want: []string{"invalid func unknown#195"},
			cure: "this kernel does not have that helper"},
		"unknown kfunc": {
			cause: errors.New("unknown kfunc"), log: "7: (85) call\nx", want: []string{"it calls a kernel function that this kernel does not have"},
			cure: "bpf_ksym_exists()"},
		"ends in an instruction":     {log: "7: (95) exit", want: []string{"it does not say why"}},
		"only statistics":            {log: "processed 0 insns (limit 1000000)", want: []string{"it does not say why"}},
		"index out of range":         {log: "99999999999999999999: (95) exit\nx", want: []string{"the verifier refuses it: x"}},
		"no instruction":             {log: "func#0 @0\nback-edge from insn 3 to 2\n", want: []string{"the verifier refuses it: back-edge from insn 3 to 2"}, cure: "bound its loops"},
		"a line of all registers":    {log: "1: (95) exit\n" + strings.Repeat("R", 1000), want: []string{"\n    " + strings.Repeat("R", verifierWidth) + "..."}},
		"the end of a very long log": {log: strings.Repeat("x\n", 1000) + "1: (95) exit\nverdict", want: []string{"verdict\n  the end of its log:\n" + strings.Repeat("    x\n", verifierLines-2) + "    1: (95) exit\n    verdict"}},
	} {
		t.Run(name, func(t *testing.T) {
			cause := tt.cause
			if cause == nil {
				cause = errors.New("permission denied")
			}
			what, cure := explainVerifier(&ebpf.VerifierError{Cause: cause, Log: strings.Split(strings.TrimSpace(tt.log), "\n")}, &ebpf.ProgramSpec{})
			for _, part := range tt.want {
				if !strings.Contains(what, part) {
					t.Errorf("%q is not in %q", part, what)
				}
			}
			if !strings.Contains(cure, tt.cure) || (tt.cure == "") != (cure == "") {
				t.Errorf("the cure is %q, want %q", cure, tt.cure)
			}
		})
	}
}
