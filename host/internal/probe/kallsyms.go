package probe

import (
	"bufio"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// kernelFunctions lists the functions of the kernel and its modules, as far as they can be read. It takes some ten milliseconds.
func kernelFunctions() []string {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil
	}
	defer f.Close()
	var names []string
	for lines := bufio.NewScanner(f); lines.Scan(); { // "ffffffff810c3f50 T name\t[module]"
		fields := strings.Fields(lines.Text())
		if len(fields) >= 3 && (fields[1] == "t" || fields[1] == "T") {
			names = append(names, fields[2])
		}
	}
	return names
}

// traceableFunctions lists the functions whose name matches a pattern with * and ? and that kprobe.multi can attach to.
func traceableFunctions(tracefs, pattern string) ([]string, error) {
	f, err := os.Open(filepath.Join(tracefs, "available_filter_functions"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	lines := bufio.NewScanner(f)
	for lines.Scan() { // "name [module]"
		name, _, _ := strings.Cut(lines.Text(), " ")
		name, _, _ = strings.Cut(name, "\t")
		if ok, _ := path.Match(pattern, name); ok {
			names = append(names, name)
		}
	}
	return names, lines.Err()
}
