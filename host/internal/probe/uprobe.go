package probe

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/probehost/probehost/host/internal/object"
)

func checkUprobe(s *site) error {
	_, _, _, err := s.userFunction()
	return err
}

// attachUprobe attaches to a function in an executable or library, in one process or all.
func attachUprobe(s *site, prog *ebpf.Program) (*link, error) {
	binary, symbol, offset, err := s.userFunction()
	if err != nil {
		return nil, err
	}
	if binary, err = findBinary(binary); err != nil {
		return nil, err
	}
	if findPMU("uprobe") == "" {
		return nil, &Error{Attr: "binary", What: "this kernel is built without uprobes (CONFIG_UPROBE_EVENTS)"}
	}
	exe, err := bpflink.OpenExecutable(binary)
	if err != nil {
		return nil, &Error{Attr: "binary", What: "cannot open " + binary, Err: err}
	}
	opts := &bpflink.UprobeOptions{Offset: offset, PID: s.Pid}
	if symbol == "" {
		opts = &bpflink.UprobeOptions{Address: offset, PID: s.Pid}
	}
	attach := exe.Uprobe
	if s.program.Hook == object.Uretprobe {
		attach = exe.Uretprobe
	}
	l, err := attach(symbol, prog, opts)
	target := binary + ":" + symbol
	switch {
	case err == nil:
		return &link{LinkInfo: LinkInfo{Target: target}, hold: []io.Closer{l}}, nil
	case errors.Is(err, bpflink.ErrNoSymbol):
		return nil, &Error{Attr: "symbol", What: fmt.Sprintf("%s has no function %s", binary, symbol),
			Cure: didYouMean(symbol, symbolNames(binary), "`nm -D "+binary+"` lists those that are exported; a stripped binary has no others, use offset"), Err: err}
	case errors.Is(err, bpflink.ErrNotSupported):
		return nil, &Error{Attr: "symbol", What: fmt.Sprintf("%s only uses %s, it is in a library", binary, symbol),
			Cure: "give the library as binary; `ldd " + binary + "` lists them", Err: err}
	case errors.Is(err, unix.ESRCH) && s.Pid != 0:
		return nil, &Error{Attr: "pid", What: fmt.Sprintf("there is no process %d", s.Pid), Err: err}
	default:
		return nil, &Error{Attr: "binary", What: "attaching to " + target + " failed", Err: err}
	}
}

// userFunction returns where a uprobe goes: from the attributes, else from a section like "uprobe//bin/bash:readline+4".
func (s *site) userFunction() (binary, symbol string, offset uint64, err error) {
	binary, symbol, offset = s.Binary, s.Symbol, s.Offset
	if inSection, function, ok := strings.Cut(s.Target, ":"); ok {
		function, plus, err := functionAndOffset(function)
		if err != nil {
			return "", "", 0, &Error{Attr: "symbol", What: err.Error(), Cure: "give symbol and offset in the attach block"}
		}
		if binary == "" {
			binary = inSection
		}
		if symbol == "" && s.Offset == 0 {
			symbol, offset = function, plus
		}
	}
	switch {
	case binary == "":
		return "", "", 0, s.missing("binary", "/bin/bash")
	case symbol == "" && offset == 0:
		return "", "", 0, s.missing("symbol", "readline")
	}
	return binary, symbol, offset, nil
}

// findBinary returns the path of a file that is given by its path, or by its name if it is in $PATH.
func findBinary(name string) (string, error) {
	file := name
	if !strings.Contains(name, "/") {
		var err error
		if file, err = exec.LookPath(name); err != nil {
			return "", &Error{Attr: "binary", What: name + " is not in $PATH", Cure: "give the whole path; `ldd` tells where libraries are", Err: err}
		}
	}
	switch info, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return "", &Error{Attr: "binary", What: "there is no file " + file, Err: err}
	case err != nil:
		return "", &Error{Attr: "binary", What: "cannot open " + file, Err: err}
	case !info.Mode().IsRegular():
		return "", &Error{Attr: "binary", What: file + " is not a regular file"}
	}
	return file, nil
}

// symbolNames lists the functions in an ELF file, as far as it can be read.
func symbolNames(path string) []string {
	f, err := elf.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var names []string
	for _, read := range []func() ([]elf.Symbol, error){f.Symbols, f.DynamicSymbols} {
		symbols, err := read()
		if err != nil {
			continue // stripped
		}
		for _, sym := range symbols {
			if elf.ST_TYPE(sym.Info) == elf.STT_FUNC && sym.Section != elf.SHN_UNDEF {
				names = append(names, sym.Name)
			}
		}
	}
	return names
}
