package probe

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

const (
	currentCPU = 0xffffffff // BPF_F_CURRENT_CPU
	testOnCPU  = 1          // BPF_F_TEST_RUN_ON_CPU
)

// perfMark is a record that no program writes but [perfMark.write].
type perfMark [16]byte

func newPerfMark() (m perfMark) {
	_, _ = rand.Read(m[:]) // never fails
	return m
}

// in reports whether a record, which may be padded, is the mark.
func (p *perfMark) in(rec []byte) bool {
	return len(rec) >= len(p) && len(rec) < len(p)+8 && perfMark(rec[:len(p)]) == *p
}

// write puts the mark into the buffer of each CPU, with a program that it runs there. The kernel tells what it has lost on a CPU with the
// next record that fits. A buffer that is full takes no mark: then somebody still writes, and what is lost from then on is not told.
func (p *perfMark) write(array *ebpf.Map) error {
	word := func(i int) int64 { return int64(binary.NativeEndian.Uint64(p[i:])) }
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "probehost_mark", Type: ebpf.RawTracepoint, License: "GPL",
		Instructions: asm.Instructions{
			asm.LoadImm(asm.R0, word(0), asm.DWord),
			asm.StoreMem(asm.RFP, -16, asm.R0, asm.DWord),
			asm.LoadImm(asm.R0, word(8), asm.DWord),
			asm.StoreMem(asm.RFP, -8, asm.R0, asm.DWord),
			asm.LoadMapPtr(asm.R2, array.FD()),
			asm.LoadImm(asm.R3, currentCPU, asm.DWord),
			asm.Mov.Reg(asm.R4, asm.RFP),
			asm.Add.Imm(asm.R4, -16),
			asm.Mov.Imm(asm.R5, 16),
			asm.FnPerfEventOutput.Call(),
			asm.Mov.Imm(asm.R0, 0),
			asm.Return(),
		},
	})
	if err != nil {
		return fmt.Errorf("load the program that asks for losses: %w", err)
	}
	defer prog.Close()
	for cpu := range array.MaxEntries() {
		if _, err := prog.Run(&ebpf.RunOptions{Flags: testOnCPU, CPU: cpu}); err != nil && !errors.Is(err, unix.ENXIO) { // offline
			return fmt.Errorf("ask for losses on CPU %d: %w", cpu, err)
		}
	}
	return nil
}
