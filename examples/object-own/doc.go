// Package objectown holds a BPF object of one's own, signals.bpf.c, with the probes.hcl that runs it. The object needs no Go: this file
// only says how it is compiled (make bpf), and the test beside it runs it.
package objectown

//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../bpf/include -c signals.bpf.c -o signals.bpf.o
//go:generate llvm-strip-19 --strip-debug signals.bpf.o
