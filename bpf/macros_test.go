package bpf

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/perf"
)

//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target bpfel -output-dir testdata -go-package testdata macros testdata/macros.bpf.c -- -I./include -O2 -Wall -Wextra -Werror -Wno-unused-parameter

//go:embed testdata/macros_bpfel_test.o
var macrosELF []byte

func macrosSpec(t testing.TB) *ebpf.CollectionSpec {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(macrosELF))
	must(t, err)
	return spec
}

// runMacro runs a program on a number; what it returns is whether the record was lost.
func runMacro(t testing.TB, coll *ebpf.Collection, program string, number uint32) uint32 {
	t.Helper()
	frame := make([]byte, 64)
	binary.NativeEndian.PutUint32(frame[4:], number)
	result, err := coll.Programs[program].Run(&ebpf.RunOptions{Data: frame})
	must(t, err)
	return result
}

// macroEvent is struct event of the object.
type macroEvent struct {
	_      uint64
	number uint32
	_      uint32
}

const macroHead = 8 + 4 + 2

func TestEmitMacros(t *testing.T) {
	for _, tt := range []struct {
		program string
		emitted bool
		bytes   int
		tail    string
	}{
		{"reserve_submit", true, 16, ""},
		{"reserve_discard", false, 0, ""},
		{"emit", true, 16, ""},
		{"emit_bytes", true, macroHead + 5, "hello"},
	} {
		t.Run(tt.program, func(t *testing.T) {
			coll := load(t, macrosSpec(t), nil, tt.program)
			ring := readRing[macroEvent](t, coll.Maps["events"])
			ring.head = macroHead
			compare(t, "lost", runMacro(t, coll, tt.program, 77), 0)
			event, tail, err := ring.next(-1)
			if !tt.emitted {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("%+v, %v", event, err)
				}
				return
			}
			must(t, err)
			compare(t, "number", event.number, 77)
			compare(t, "bytes", macroHead+len(tail), tt.bytes)
			if tt.tail != "" { // else it is what C pads the struct with
				compare(t, "tail", string(tail), tt.tail)
			}
		})
	}
}

// Whatever the macro, what does not fit is counted and what does fit is not.
func TestEmitMacrosCountLosses(t *testing.T) {
	const runs = 5000 // of 64 KiB, a record takes 24 bytes
	for _, program := range []string{"reserve_submit", "emit", "emit_bytes"} {
		t.Run(program, func(t *testing.T) {
			coll := load(t, macrosSpec(t), nil, program)
			ring := readRing[macroEvent](t, coll.Maps["events"])
			ring.head = macroHead
			lost := uint64(0)
			for number := range uint32(runs) {
				lost += uint64(runMacro(t, coll, program, number))
			}
			if lost == 0 || lost == runs {
				t.Fatalf("%d of %d lost", lost, runs)
			}
			compare(t, "counted", sum(t, coll.Maps["events_lost"]), lost)
			read := uint64(0)
			for {
				event, _, err := ring.next(-1)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					break
				}
				must(t, err)
				compare(t, "number", uint64(event.number), read)
				read++
			}
			compare(t, "read and lost", read+lost, runs)
		})
	}
}

func TestEmitMacrosSwitchedOff(t *testing.T) {
	for _, program := range []string{"reserve_submit", "reserve_discard", "emit", "emit_bytes", "emit_perf", "count_polled"} {
		t.Run(program, func(t *testing.T) {
			spec := macrosSpec(t)
			coll := load(t, spec, map[string]any{"events_on": false, "samples_on": false, "polled_on": false}, program)
			want := uint32(0)
			if strings.HasPrefix(program, "reserve") {
				want = 1 // no record, as when it is full
			}
			compare(t, "result", runMacro(t, coll, program, 1), want)
			compare(t, "lost", sum(t, coll.Maps["events_lost"])+sum(t, coll.Maps["samples_lost"]), 0)
			on, off := load(t, spec, nil, program), coll
			if sizeOf(t, off.Programs[program]) >= sizeOf(t, on.Programs[program]) {
				t.Error("nothing is removed from the program")
			}
		})
	}
}

func sizeOf(t testing.TB, program *ebpf.Program) int {
	t.Helper()
	info, err := program.Info()
	must(t, err)
	size, err := info.TranslatedSize()
	must(t, err)
	return size
}

func TestPerfMacro(t *testing.T) {
	coll := load(t, macrosSpec(t), nil, "emit_perf")
	// Nobody reads: the record is lost, and counted.
	compare(t, "lost", runMacro(t, coll, "emit_perf", 1), 1)
	compare(t, "counted", sum(t, coll.Maps["samples_lost"]), 1)
	reader, err := perf.NewReader(coll.Maps["samples"], os.Getpagesize())
	must(t, err)
	defer reader.Close()
	compare(t, "lost", runMacro(t, coll, "emit_perf", 78), 0)
	reader.SetDeadline(time.Now().Add(time.Second))
	record, err := reader.Read()
	must(t, err)
	compare(t, "number", binary.NativeEndian.Uint32(record.RawSample[8:]), 78)
}

// logLine is struct probe_log.
type logLine struct {
	time           uint64
	level, program uint32
	text           [240]int8
}

func TestLogMacros(t *testing.T) {
	for level := range uint32(5) {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			coll := load(t, macrosSpec(t), map[string]any{"probe_log_level": level}, "log_lines")
			ring := readRing[logLine](t, coll.Maps["probe_logs"])
			before := ktime(t)
			runMacro(t, coll, "log_lines", 7)
			want := []string{"plain", "number 7 of a name", "-5 1234567890abcdef", "x%"}[:level]
			for i, expected := range want {
				line, _, err := ring.next(-1)
				must(t, err)
				compare(t, "text", text(line.text[:]), expected)
				compare(t, "level", line.level, uint32(i)+1)
				compare(t, "program", line.program, 0x655f6964) // the lower half of the mark
				if line.time < before || line.time > ktime(t) {
					t.Errorf("time %d", line.time)
				}
			}
			if _, _, err := ring.next(-1); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("one more line: %v", err)
			}
		})
	}
}

func TestLogCut(t *testing.T) {
	coll := load(t, macrosSpec(t), nil, "log_long")
	ring := readRing[logLine](t, coll.Maps["probe_logs"])
	runMacro(t, coll, "log_long", 0)
	line, _, err := ring.next(-1)
	must(t, err)
	compare(t, "length", len(text(line.text[:])), 239)
}

// The host finds the mark in a program's instructions and puts the program's index there.
func TestLogProgramMark(t *testing.T) {
	spec := macrosSpec(t)
	found := 0
	instructions := spec.Programs["log_lines"].Instructions
	for i := range instructions {
		if ins := &instructions[i]; ins.IsConstantLoad(asm.DWord) && ins.Constant == 0x70726f62655f6964 {
			ins.Constant = 42
			found++
		}
	}
	compare(t, "marks", found, 4)
	coll := load(t, spec, nil, "log_lines")
	ring := readRing[logLine](t, coll.Maps["probe_logs"])
	runMacro(t, coll, "log_lines", 0)
	line, _, err := ring.next(-1)
	must(t, err)
	compare(t, "program", line.program, 42)
}

// What the host learns from the maps' types.
func TestMapTypes(t *testing.T) {
	spec := macrosSpec(t)
	for _, name := range []string{"events", "samples"} {
		record, isStruct := spec.Maps[name].Value.(*btf.Struct)
		if !isStruct || record.Name != "event" {
			t.Errorf("%s holds %v", name, spec.Maps[name].Value)
		}
	}
	if key := objectSpec(t, "packets").Maps["protocols"].Key.TypeName(); key != "protocol" {
		t.Errorf("the key of protocols is %q", key)
	}
}
