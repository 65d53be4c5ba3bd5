package probe

import (
	"slices"
	"testing"
)

func TestDidYouMean(t *testing.T) {
	functions := []string{"tcp_connect", "tcp_close", "tcp_v4_rcv.part.0", "do_exit", "tcp_v4_send_reset"}
	for given, want := range map[string]string{
		"tcp_conect":  "did you mean tcp_connect?",
		"tcp_connect": "did you mean tcp_connect?", // it is there: the caller knows why it asks
		"tcp_v4_rcv":  "did you mean tcp_v4_rcv.part.0?",
		"vfs_read":    "otherwise",
		"":            "otherwise",
	} {
		if got := didYouMean(given, functions, "otherwise"); got != want {
			t.Errorf("didYouMean(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestKernelFunctions(t *testing.T) {
	functions := kernelFunctions()
	if len(functions) < 1000 {
		t.Skipf("needs /proc/kallsyms: it lists %d functions", len(functions))
	}
	if !slices.Contains(functions, "tcp_connect") {
		t.Error("tcp_connect is not among them")
	}
}
