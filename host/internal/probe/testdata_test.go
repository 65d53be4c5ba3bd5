package probe

import "embed"

//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/hooks.bpf.c -o testdata/hooks.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/streams.bpf.c -o testdata/streams.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/broken.bpf.c -o testdata/broken.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/badmap.bpf.c -o testdata/badmap.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/tailcall.bpf.c -o testdata/tailcall.bpf.o
//go:generate llvm-strip-19 --strip-debug testdata/hooks.bpf.o testdata/streams.bpf.o testdata/broken.bpf.o testdata/badmap.bpf.o testdata/tailcall.bpf.o

// testdata holds the objects, so that the test binary runs anywhere.
//
//go:embed testdata/*.o
var testdata embed.FS
