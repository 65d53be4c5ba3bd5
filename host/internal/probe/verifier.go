package probe

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// How many lines from the end of the verifier's log are shown, and how much of each.
const (
	verifierLines = 12
	verifierWidth = 160
)

var (
	// "; if (x > 3) @ packets.bpf.c:42"; before Linux 6.8 without the place.
	sourceComment = regexp.MustCompile(`^; (.*?)(?: @ ([^ ]+:\d+))?$`)
	// "12: (79) r1 = *(u64 *)(r1 +8)"
	instruction = regexp.MustCompile(`^(\d+): \(`)
)

// explainVerifier says in a few lines why the verifier refused a program: its verdict, the line of the source, the end of the log.
func explainVerifier(err *ebpf.VerifierError, spec *ebpf.ProgramSpec) (what, cure string) {
	log := err.Log
	for len(log) > 0 && isStatistics(log[len(log)-1]) {
		log = log[:len(log)-1]
	}
	if len(log) == 0 {
		return "the verifier refuses it without a reason", ""
	}
	verdict := strings.TrimSpace(log[len(log)-1])
	line, place := sourceOf(log, spec)
	var b strings.Builder
	switch {
	case strings.Contains(err.Error(), "bad CO-RE relocation"):
		b.WriteString("it uses a type or field that this kernel does not have")
		cure = "make the program ask bpf_core_field_exists() or bpf_core_type_exists() first, or use a kernel that has it"
	case strings.Contains(err.Error(), "unknown kfunc"):
		b.WriteString("it calls a kernel function that this kernel does not have for BPF")
		cure = "make the program ask bpf_ksym_exists() first, or use a kernel that has it"
	default:
		b.WriteString("the verifier refuses it: " + verdict)
		if strings.HasPrefix(verdict, "unknown func") || strings.HasPrefix(verdict, "invalid func unknown") || strings.Contains(verdict, "program of this type cannot use helper") {
			cure = "this kernel does not have that helper for programs of this type: use a later one"
		}
	}
	if place != "" {
		b.WriteString("\n  at " + place)
		if line != "" {
			b.WriteString(": " + line)
		}
	}
	b.WriteString("\n  the end of its log:")
	for _, l := range log[max(0, len(log)-verifierLines):] {
		if len(l) > verifierWidth {
			l = l[:verifierWidth] + "..." // the state of all registers
		}
		b.WriteString("\n    " + l)
	}
	return b.String(), cure
}

func isStatistics(line string) bool {
	for _, prefix := range []string{"processed ", "verification time ", "stack depth ", "peak_states "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return strings.TrimSpace(line) == ""
}

// sourceOf returns the line of C that the log ends in, and where it is: as the log says, else as the program's line information does.
func sourceOf(log []string, spec *ebpf.ProgramSpec) (line, place string) {
	at := -1
	for i := len(log) - 1; i >= 0 && line == ""; i-- {
		if m := instruction.FindStringSubmatch(log[i]); m != nil && at < 0 {
			at, _ = strconv.Atoi(m[1]) // all digits; out of range finds nothing below
		}
		if m := sourceComment.FindStringSubmatch(log[i]); m != nil {
			line, place = strings.TrimSpace(m[1]), m[2]
		}
	}
	if place == "" {
		if l := lineOf(spec.Instructions, at); l != nil {
			return strings.TrimSpace(l.Line()), fmt.Sprintf("%s:%d", l.FileName(), l.LineNumber())
		}
	}
	return line, place
}

// lineOf returns the line information of the instruction with that index, in the kernel's count.
func lineOf(insns asm.Instructions, index int) *btf.Line {
	var last *btf.Line
	for iter := insns.Iterate(); index >= 0 && iter.Next(); {
		if int(iter.Offset) > index {
			break
		}
		if l, ok := iter.Ins.Source().(*btf.Line); ok {
			last = l
		}
	}
	return last
}
