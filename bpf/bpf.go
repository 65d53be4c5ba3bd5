// Package bpf holds the BPF objects that come with probehost, compiled.
//
// The C sources lie beside this file, and the header for objects of one's own
// in include/probe.bpf.h. The compiled objects are committed: building
// probehost needs no clang.
package bpf

import (
	"fmt"
	"os"
	"strings"
)

//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target amd64,arm64 -type packet -type traffic packets packets.bpf.c -- -I./include -O2 -Wall -Wextra -Werror -Wno-unused-parameter
//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target amd64,arm64 -type start -type exit exec exec.bpf.c -- -I./include -O2 -Wall -Wextra -Werror -Wno-unused-parameter
//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target amd64,arm64 -type connect tcp_connect tcp_connect.bpf.c -- -I./include -O2 -Wall -Wextra -Werror -Wno-unused-parameter

// Names lists the built-in objects, sorted.
func Names() []string {
	return []string{"exec", "packets", "tcp_connect"}
}

// Object is the ELF file of the built-in object name, for the architecture that
// this program was built for. The caller owns the slice. The error for a name
// that is not in [Names] wraps [os.ErrNotExist].
func Object(name string) ([]byte, error) {
	switch name {
	case "exec":
		return append([]byte(nil), _ExecBytes...), nil
	case "packets":
		return append([]byte(nil), _PacketsBytes...), nil
	case "tcp_connect":
		return append([]byte(nil), _Tcp_connectBytes...), nil
	}
	return nil, fmt.Errorf("no built-in object %q, there are %s: %w", name, strings.Join(Names(), ", "), os.ErrNotExist)
}
