package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/bpf"
)

func TestBuiltins(t *testing.T) {
	for _, name := range bpf.Names() {
		t.Run(name, func(t *testing.T) {
			file, err := bpf.Object(name)
			if err != nil {
				t.Fatal(err)
			}
			o, err := Open("builtin."+name, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range o.Programs() {
				if p.Unsupported != "" {
					t.Errorf("program %s: %s", p.Name, p.Unsupported)
				}
			}
			for _, name := range o.Maps() {
				s, err := o.Stream(name, StreamOptions{})
				if err != nil {
					t.Error(err)
				} else if err := s.Schema.Validate(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// section finds the header of a section in the file.
func section(t testing.TB, file []byte, name string) []byte {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range f.Sections {
		if s.Name == name {
			return file[binary.LittleEndian.Uint64(file[0x28:])+uint64(i)*64:][:64]
		}
	}
	t.Fatalf("no section %s", name)
	return nil
}

// typedefs makes BTF of n typedefs, each of the next.
func typedefs(n uint32) []byte {
	var types []byte
	for i := range n - 1 {
		types = binary.LittleEndian.AppendUint32(types, 1)
		types = binary.LittleEndian.AppendUint32(types, 8<<24)
		types = binary.LittleEndian.AppendUint32(types, i+2)
	}
	for _, v := range []uint32{1, 1 << 24, 4, 32} {
		types = binary.LittleEndian.AppendUint32(types, v)
	}
	header := []byte{0x9f, 0xeb, 1, 0}
	for _, v := range []uint32{24, 0, uint32(len(types)), uint32(len(types)), 5} {
		header = binary.LittleEndian.AppendUint32(header, v)
	}
	return append(append(header, types...), "\x00abc\x00"...)
}

func TestOpenRefuses(t *testing.T) {
	put64 := binary.LittleEndian.PutUint64
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, file []byte) []byte
		want   string
	}{
		{"empty", func(*testing.T, []byte) []byte { return nil }, "not an ELF file"},
		{"text", func(*testing.T, []byte) []byte { return []byte("#include <linux/bpf.h>") }, "not an ELF file"},
		{"cut off", func(_ *testing.T, f []byte) []byte { return f[:200] }, "damaged"},
		{"too large", func(*testing.T, []byte) []byte { return make([]byte, maxFile+1) }, "more than the 64 MiB allowed"},
		{"for another machine", func(_ *testing.T, f []byte) []byte { f[18] = byte(elf.EM_X86_64); return f }, "compiled for EM_X86_64, not for BPF"},
		{"big-endian", func(t *testing.T, _ []byte) []byte {
			f, err := os.ReadFile(filepath.Join(cilium(t), "examples/xdp/bpf_bpfeb.o"))
			if err != nil {
				t.Skip(err)
			}
			return f
		}, "clang -target bpfel"},
		{"huge .bss", func(t *testing.T, f []byte) []byte {
			s := section(t, f, "raw_tp/sched_process_exec")
			s[4] = byte(elf.SHT_NOBITS)
			put64(s[32:], 1<<40)
			return f
		}, "exceed 64 MiB"},
		{"compressed", func(t *testing.T, f []byte) []byte {
			s := section(t, f, "license")
			put64(s[8:], binary.LittleEndian.Uint64(s[8:])|uint64(elf.SHF_COMPRESSED))
			return f
		}, "damaged"}, // there is no compression header
		{"section larger than the file", func(t *testing.T, f []byte) []byte {
			put64(section(t, f, "license")[32:], 1<<40)
			return f
		}, "section license is larger than the file"},
		{"BTF with a long chain of types", func(t *testing.T, f []byte) []byte {
			chain := typedefs(1_000_000)
			s := section(t, f, ".BTF")
			put64(s[24:], uint64(len(f)))
			put64(s[32:], uint64(len(chain)))
			return append(f, chain...)
		}, "1000000 BTF types, more than the 65536 allowed"},
		{"BTF that is cut off", func(t *testing.T, f []byte) []byte {
			put64(section(t, f, ".BTF")[32:], 100)
			return f
		}, "section .BTF is cut off"},
		{"functions of gigabytes", func(t *testing.T, f []byte) []byte {
			return symbols(t, f, func(sym []byte, sec elf.SectionFlag) {
				if sec&elf.SHF_EXECINSTR != 0 {
					put64(sym[16:], 1<<40)
				}
			})
		}, "more than 16 MiB of code"},
		{"variables of gigabytes", func(t *testing.T, f []byte) []byte {
			return symbols(t, f, func(sym []byte, sec elf.SectionFlag) {
				if sec&elf.SHF_EXECINSTR == 0 {
					put64(sym[16:], 1<<40)
				}
			})
		}, "more than 64 MiB of variables"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Open("bad", tc.change(t, bytes.Clone(read(t, "leftover"))))
			if err == nil || !strings.HasPrefix(err.Error(), "object bad: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not say %q", err, tc.want)
			}
		})
	}
}

// symbols changes every symbol that is in a section.
func symbols(t testing.TB, file []byte, change func(sym []byte, flags elf.SectionFlag)) []byte {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	tab := f.Section(".symtab")
	for off := tab.Offset; off < tab.Offset+tab.Size; off += 24 {
		sym := file[off:][:24]
		if i := binary.LittleEndian.Uint16(sym[6:]); i > 0 && int(i) < len(f.Sections) {
			change(sym, f.Sections[i].Flags)
		}
	}
	return file
}

// The longest chain of types that is allowed must not exhaust the stack: that would end the process.
func TestLongestChainOfTypes(t *testing.T) {
	types, err := btf.LoadSpecFromReader(bytes.NewReader(typedefs(maxTypes)))
	if err != nil {
		t.Fatal(err)
	}
	idx, err := indexTypes(&ebpf.CollectionSpec{Types: types})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(idx.byName["abc"]); n != maxTypes {
		t.Errorf("%d types, want %d", n, maxTypes)
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"leftover", "maps", "kept"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		o, err := Open("fuzz", file)
		if err != nil {
			return
		}
		for _, name := range o.Maps() {
			if s, err := o.Stream(name, StreamOptions{}); err == nil {
				if err := s.Schema.Validate(); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
