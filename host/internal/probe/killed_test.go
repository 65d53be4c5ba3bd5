package probe

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/object"
)

// killedEnv makes the test binary attach programs, print their ids and wait to be killed, instead of running tests.
const killedEnv = "PROBEHOST_TEST_KILLED"

func waitForKill() {
	elf, err := testdata.ReadFile("testdata/hooks.bpf.o")
	if err != nil {
		panic(err)
	}
	o, err := object.Open("hooks", elf)
	if err != nil {
		panic(err)
	}
	p, err := Load(context.Background(), Spec{Name: "killed", Object: o, Attach: []Attach{
		{Program: "on_tracepoint", Target: "sched/sched_process_exec"}, {Program: "on_raw_tracepoint", Target: "sched_process_exec"},
		{Program: "on_btf_tracepoint", Target: "sched_process_exec"}, {Program: "on_perf_event"}, {Program: "on_cgroup_connect4"},
	}})
	if err == nil {
		err = p.Attach()
	}
	if err != nil {
		panic(err)
	}
	for _, prog := range p.loader.programs {
		info, err := prog.Info()
		if err != nil {
			panic(err)
		}
		id, _ := info.ID()
		fmt.Print(id, " ")
	}
	fmt.Println()
	time.Sleep(time.Minute)
}

// TestKilled has a process with a probe killed: the kernel detaches and frees all of it.
func TestKilled(t *testing.T) {
	needRoot(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env, cmd.Stderr = []string{killedEnv + "=1"}, os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || readErr != nil {
		t.Fatal(err, readErr)
	}
	programs := map[ebpf.ProgramID]string{}
	for field := range strings.FieldsSeq(line) {
		id, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		programs[ebpf.ProgramID(id)] = field
	}
	if len(programs) != 5 {
		t.Fatalf("want the ids of five programs, got %q", line)
	}
	awaitGone(t, programs, nil)
}
