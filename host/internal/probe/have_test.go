package probe

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	bpflink "github.com/cilium/ebpf/link"
)

// What this kernel can do, found out without the code under test.

func haveKprobeMulti(t testing.TB) bool {
	prog := tryProgram(t, &ebpf.ProgramSpec{Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceKprobeMulti})
	if prog == nil {
		return false
	}
	l, err := bpflink.KprobeMulti(prog, bpflink.KprobeMultiOptions{Symbols: []string{"tcp_connect"}})
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func haveFentry(t testing.TB) bool {
	prog := tryProgram(t, &ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, AttachTo: "tcp_connect"})
	if prog == nil {
		return false
	}
	l, err := bpflink.AttachTracing(bpflink.TracingOptions{Program: prog})
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func haveLSM(testing.TB) bool {
	active, err := os.ReadFile("/sys/kernel/security/lsm")
	return err == nil && slices.Contains(strings.Split(string(active), ","), "bpf")
}

func tryProgram(t testing.TB, spec *ebpf.ProgramSpec) *ebpf.Program {
	needRoot(t)
	spec.License = "GPL"
	spec.Instructions = asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}
	prog, err := ebpf.NewProgram(spec)
	if err != nil {
		return nil
	}
	t.Cleanup(func() { prog.Close() })
	return prog
}
