package object

import (
	"os"
	"path/filepath"
	"testing"
)

//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/maps.bpf.c -o testdata/maps.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -DKEPT -DLEFTOVER -DSECOND_LEFTOVER -c testdata/infer.bpf.c -o testdata/kept.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -DLEFTOVER -c testdata/infer.bpf.c -o testdata/leftover.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -DLEFTOVER -DSECOND_LEFTOVER -c testdata/infer.bpf.c -o testdata/ambiguous.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -DLEFTOVER -DSECOND_RING -c testdata/infer.bpf.c -o testdata/tworings.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -DKEPT -DOLD_PERF -c testdata/infer.bpf.c -o testdata/oldperf.bpf.o
//go:generate clang-19 --target=bpfel -mcpu=v3 -O2 -g -Wall -Werror -fdebug-compilation-dir=. -I../../../bpf/include -c testdata/infer.bpf.c -o testdata/nothing.bpf.o
//go:generate llvm-strip-19 --strip-debug testdata/maps.bpf.o testdata/kept.bpf.o testdata/leftover.bpf.o testdata/ambiguous.bpf.o testdata/tworings.bpf.o testdata/oldperf.bpf.o testdata/nothing.bpf.o

func read(t testing.TB, name string) []byte {
	t.Helper()
	elf, err := os.ReadFile(filepath.Join("testdata", name+".bpf.o"))
	if err != nil {
		t.Fatal(err)
	}
	return elf
}

func open(t testing.TB, name string) *Object {
	t.Helper()
	o, err := Open(name, read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
