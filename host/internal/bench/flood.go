// Package bench measures the way of an event from the kernel to a handler.
package bench

//go:generate go tool bpf2go -cc clang-19 -strip llvm-strip-19 -target amd64,arm64 -type flood -type run flood flood.bpf.c -- -I../../../bpf/include -O2 -Wall -Wextra -Werror -Wno-unused-parameter
