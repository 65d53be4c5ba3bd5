package probe

import (
	"debug/elf"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"testing"
)

// bash runs a command in bash.
func bash(t testing.TB) int {
	t.Helper()
	cmd := exec.Command("/bin/bash", "-c", "true; true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestUprobeHooks(t *testing.T) {
	if _, err := os.Stat("/bin/bash"); err != nil {
		t.Skip("needs bash: ", err)
	}
	const symbol = "execute_command"
	for name, tt := range map[string]hookTest{
		"uprobe":    {attach: Attach{Program: "on_uprobe", Binary: "/bin/bash", Symbol: symbol}, hook: 32, target: "/bin/bash:" + symbol},
		"uretprobe": {attach: Attach{Program: "on_uretprobe", Binary: "/bin/bash", Symbol: symbol}, hook: 33, target: "/bin/bash:" + symbol},
	} {
		tt.cause = bash
		t.Run(name, tt.run)
	}
}

//go:noinline
func probed(n *int) { *n++ }

// TestUprobeOffset attaches to a place in a file that has no symbols, in one process.
func TestUprobeOffset(t *testing.T) {
	offset := fileOffset(t, reflect.ValueOf(probed).Pointer())
	calls := 0
	call := func(testing.TB) int {
		probed(&calls)
		return os.Getpid()
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	hookTest{attach: Attach{Program: "on_uprobe", Binary: exe, Offset: offset, Pid: os.Getpid()}, hook: 32, target: exe + ":", cause: call}.run(t)
}

// fileOffset returns where in this executable an address is.
func fileOffset(t testing.TB, address uintptr) uint64 {
	t.Helper()
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Type != elf.ET_EXEC {
		t.Skip("needs an executable that is not moved when it starts, this one is of type ", f.Type, " on ", runtime.GOARCH)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr <= uint64(address) && uint64(address) < p.Vaddr+p.Filesz {
			return uint64(address) - p.Vaddr + p.Off
		}
	}
	t.Fatal("no such address")
	return 0
}

func TestUserFunction(t *testing.T) {
	type place struct {
		binary, symbol string
		offset         uint64
	}
	for name, tt := range map[string]struct {
		attach Attach
		want   place
		fails  bool
	}{
		"attributes":               {Attach{Binary: "/bin/bash", Symbol: "readline", Offset: 4}, place{"/bin/bash", "readline", 4}, false},
		"section":                  {Attach{Target: "/bin/bash:readline"}, place{"/bin/bash", "readline", 0}, false},
		"section with offset":      {Attach{Target: "/bin/bash:readline+0x10"}, place{"/bin/bash", "readline", 16}, false},
		"binary overridden":        {Attach{Target: "/bin/bash:readline", Binary: "/bin/sh"}, place{"/bin/sh", "readline", 0}, false},
		"symbol overridden":        {Attach{Target: "/bin/bash:readline+4", Symbol: "main"}, place{"/bin/bash", "main", 0}, false},
		"offset alone":             {Attach{Target: "/bin/bash:readline", Offset: 99}, place{"/bin/bash", "", 99}, false},
		"no place in section":      {Attach{Target: "bash_readline"}, place{}, true},
		"section without a number": {Attach{Target: "/bin/bash:readline+x"}, place{}, true},
		"no symbol":                {Attach{Binary: "/bin/bash"}, place{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, "hooks")
			p, err := o.Program("on_uprobe")
			if err != nil {
				t.Fatal(err)
			}
			binary, symbol, offset, err := (&site{program: p, Attach: tt.attach}).userFunction()
			if got := (place{binary, symbol, offset}); got != tt.want || (err != nil) != tt.fails {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}
