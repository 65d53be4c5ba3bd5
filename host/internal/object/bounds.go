package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// Bounds on an object. Real objects stay far below them; a file made to hurt the host ends here, before the parser allocates for it.
const (
	maxFile      = 64 << 20
	maxCode      = 16 << 20 // bytes of all functions
	maxFunctions = 8 << 10
	maxData      = 64 << 20 // bytes of all variables, and of all zero-filled sections
	maxTypes     = 64 << 10 // BTF types: the parser recurses along chains of them
)

func checkBounds(file []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the file is damaged: ELF parser: %v", r)
		}
	}()
	if len(file) > maxFile {
		return fmt.Errorf("the file has %d MiB, more than the %d MiB allowed", len(file)>>20, maxFile>>20)
	}
	if !bytes.HasPrefix(file, []byte(elf.ELFMAG)) {
		return errors.New("not an ELF file: expected what clang -target bpf -c writes")
	}
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return fmt.Errorf("the file is damaged: %w", err)
	}
	if f.Machine != elf.EM_BPF && f.Machine != elf.EM_NONE {
		return fmt.Errorf("compiled for %s, not for BPF: compile it with clang -target bpf", f.Machine)
	}
	if f.Data != elf.ELFDATA2LSB {
		return errors.New("compiled for big-endian machines: compile it with clang -target bpfel")
	}
	if err := checkSections(f); err != nil {
		return err
	}
	return checkSymbols(f)
}

func checkSections(f *elf.File) error {
	var zeros uint64
	for _, sec := range f.Sections {
		switch {
		case sec.Flags&elf.SHF_COMPRESSED != 0:
			return fmt.Errorf("section %s is compressed: compile without -gz", sec.Name)
		case sec.Type == elf.SHT_NOBITS:
			if zeros += sec.Size; zeros > maxData || sec.Size > maxData {
				return fmt.Errorf("section %s makes the data exceed %d MiB", sec.Name, maxData>>20)
			}
		case sec.Size > maxFile:
			return fmt.Errorf("the file is damaged: section %s is larger than the file", sec.Name)
		}
		if sec.Name == ".BTF" {
			if err := checkBTF(sec); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSymbols bounds what the parser copies for each symbol: symbols may overlap, so that a small file can ask for a lot.
func checkSymbols(f *elf.File) error {
	symbols, err := f.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return errors.New("the file has no symbols, hence no programs: was it stripped?")
	}
	if err != nil {
		return fmt.Errorf("the file is damaged: %w", err)
	}
	var code, data, functions uint64
	for _, sym := range symbols {
		if int(sym.Section) >= len(f.Sections) || sym.Section == elf.SHN_UNDEF {
			continue
		}
		size := min(sym.Size, maxFile)
		if f.Sections[sym.Section].Flags&elf.SHF_EXECINSTR == 0 {
			data += size
			continue
		}
		code += size
		functions++
	}
	switch {
	case functions > maxFunctions:
		return fmt.Errorf("the file has %d functions, more than the %d allowed", functions, maxFunctions)
	case code > maxCode:
		return fmt.Errorf("the file has more than %d MiB of code", maxCode>>20)
	case data > maxData:
		return fmt.Errorf("the file has more than %d MiB of variables", maxData>>20)
	}
	return nil
}

// checkBTF counts the types.
func checkBTF(sec *elf.Section) error {
	b, err := sec.Data()
	if err != nil {
		return fmt.Errorf("the file is damaged: section .BTF: %w", err)
	}
	const header, typeHeader = 24, 12
	if len(b) < header {
		return errors.New("the file is damaged: section .BTF is too short")
	}
	start := uint64(binary.LittleEndian.Uint32(b[4:])) + uint64(binary.LittleEndian.Uint32(b[8:]))
	end := start + uint64(binary.LittleEndian.Uint32(b[12:]))
	if start > end || end > uint64(len(b)) {
		return errors.New("the file is damaged: section .BTF is cut off")
	}
	n := 0
	for types := b[start:end]; len(types) >= typeHeader; n++ {
		info := binary.LittleEndian.Uint32(types[4:])
		size := typeHeader + btfExtra(info>>24&0x1f, int(info&0xffff))
		if size > len(types) {
			return errors.New("the file is damaged: a type in section .BTF is cut off")
		}
		types = types[size:]
	}
	if n > maxTypes {
		return fmt.Errorf("the file has %d BTF types, more than the %d allowed", n, maxTypes)
	}
	return nil
}

// btfExtra is how many bytes follow the header of a BTF type of that kind with n members.
func btfExtra(kind uint32, n int) int {
	switch kind {
	case 1, 14, 17: // int, variable, declaration tag
		return 4
	case 3: // array
		return 12
	case 4, 5, 15, 19: // struct, union, data section, enum64
		return 12 * n
	case 6, 13: // enum, function prototype
		return 8 * n
	default:
		return 0
	}
}
