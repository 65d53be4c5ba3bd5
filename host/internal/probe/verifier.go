package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// How many lines from the end of the verifier's log are shown, and how much of each: indented they fit a terminal of 80 columns.
const (
	verifierLines = 12
	verifierWidth = 72
)

const (
	boundLoops = "bound its loops, or have bpf_loop() run them"
	mostLoops  = 5 // are shown
)

// cures are for verdicts that have these words in them.
var cures = []struct{ words, cure string }{
	{"unknown func", "this kernel does not have that helper for programs of this type: use a later one"},
	{"func unknown", "this kernel does not have that helper for programs of this type: use a later one"},
	{"program of this type cannot use helper", "this kernel does not have that helper for programs of this type: use a later one"},
	{"_or_null'", "make the program compare the pointer with NULL first"},
	{"invalid access to packet", "make the program compare with data_end first"},
	{"invalid access to map value", "make the program compare the index with the number of elements first"},
	{"program is too large", boundLoops},
	{"infinite loop detected", boundLoops},
	{"back-edge from insn", boundLoops},
	{"!read_ok", "make the program set the variable before it uses it"},
	{"indirect read from stack", "make the program set all bytes of the variable first, padding too: memset() it"},
}

var (
	// "; if (x > 3) @ packets.bpf.c:42"; before Linux 6.8 without the place.
	sourceComment = regexp.MustCompile(`^; (.*?)(?: @ ([^ ]+:\d+))?$`)
	// "12: (79) r1 = *(u64 *)(r1 +8)".
	instruction = regexp.MustCompile(`^(\d+): \(`)
	// What the library says of a relocation: CORERelocation(byte_off, Struct:"task_struct"[0:0], local_id=7).
	quotedName = regexp.MustCompile(`"([^"]+)"`)
)

// explainVerifier says in a few lines why the verifier refused a program: its verdict, the line of the source, the end of the log.
func explainVerifier(err *ebpf.VerifierError, spec *ebpf.ProgramSpec) (what, cure string) {
	log := err.Log
	for len(log) > 0 && isStatistics(log[len(log)-1]) {
		log = log[:len(log)-1]
	}
	last, verdict := lastInstruction(log)
	var b strings.Builder
	switch text := err.Error(); {
	case strings.Contains(text, "bad CO-RE relocation"):
		b.WriteString("it uses a type or field that this kernel does not have" + relocated(spec, last))
		cure = "make the program ask bpf_core_field_exists() or bpf_core_type_exists() first, or use a kernel that has it"
	case strings.Contains(text, "unknown kfunc"):
		b.WriteString("it calls a kernel function that this kernel does not have for BPF")
		cure = "make the program ask bpf_ksym_exists() first, or use a kernel that has it"
	default:
		b.WriteString("the verifier refuses it: " + verdict)
		cure = cureOf(verdict)
	}
	if line, place := sourceOf(log, last, spec); place != "" || line != "" {
		b.WriteString("\n  at " + strings.TrimPrefix(place+": "+line, ": "))
	}
	if cure == boundLoops {
		for _, l := range loops(spec.Instructions) {
			b.WriteString("\n  a loop: " + l)
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

func cureOf(verdict string) string {
	for _, c := range cures {
		if strings.Contains(verdict, c.words) {
			return c.cure
		}
	}
	return ""
}

// lastInstruction returns the index of the instruction that the verifier stopped at, -1 if it does not say, and what it said then.
func lastInstruction(log []string) (index int, verdict string) {
	said := len(log)
	for said > 0 {
		if m := instruction.FindStringSubmatch(log[said-1]); m != nil {
			if index, err := strconv.Atoi(m[1]); err == nil {
				return index, joined(log[said:])
			}
		}
		if len(log)-said == 2 { // so much it never says
			break
		}
		said--
	}
	return -1, joined(log[max(0, len(log)-1):])
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return "it does not say why"
	}
	return strings.TrimSpace(strings.Join(lines, ": "))
}

// relocated names the type that an instruction was compiled to use.
func relocated(spec *ebpf.ProgramSpec, index int) string {
	for iter := spec.Instructions.Iterate(); iter.Next(); {
		if relocation := btf.CORERelocationMetadata(iter.Ins); relocation != nil && int(iter.Offset) == index {
			if m := quotedName.FindStringSubmatch(relocation.String()); m != nil {
				return " (of " + m[1] + ")"
			}
		}
	}
	return ""
}

func isStatistics(line string) bool {
	for _, prefix := range []string{"processed ", "verification time ", "stack depth ", "peak_states "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return strings.TrimSpace(line) == ""
}

// sourceOf returns the line of C that an instruction was made of, and where it is: as the program's line information says, else as the last
// comment in the log does.
func sourceOf(log []string, index int, spec *ebpf.ProgramSpec) (line, place string) {
	if l := lineOf(spec.Instructions, index); l != nil {
		return strings.TrimSpace(l.Line()), placeOf(l)
	}
	for _, l := range slices.Backward(log) {
		if m := sourceComment.FindStringSubmatch(l); m != nil {
			return strings.TrimSpace(m[1]), m[2]
		}
	}
	return "", ""
}

func placeOf(l *btf.Line) string {
	return fmt.Sprintf("%s:%d", strings.TrimPrefix(l.FileName(), "./"), l.LineNumber())
}

// loops returns the lines of C where a program jumps back, with their places.
func loops(insns asm.Instructions) []string {
	var found []string
	for iter := insns.Iterate(); iter.Next() && len(found) < mostLoops; {
		op := iter.Ins.OpCode
		if !op.Class().IsJump() || op.JumpOp() == asm.Call || op.JumpOp() == asm.Exit || iter.Ins.Offset >= 0 {
			continue
		}
		if l := lineOf(insns, int(iter.Offset)); l != nil {
			if text := placeOf(l) + ": " + strings.TrimSpace(l.Line()); !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
	}
	return found
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
