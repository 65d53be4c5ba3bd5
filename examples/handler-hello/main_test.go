package main

import (
	"testing"

	"github.com/probehost/probehost/sdk/sdktest"
)

func TestHello(t *testing.T) {
	starts := &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(
		sdktest.Uint("pid", 4), sdktest.Text("comm", 16),
	)}
	run := sdktest.Open(t, hello, sdktest.Options{Config: map[string]any{"greeting": "good day"}}, starts)
	run.Send(starts, map[string]any{"pid": 7, "comm": "sh"}, map[string]any{"pid": 8, "comm": "ls"})
	if got, want := run.Stdout(), "good day, sh (pid 7)\ngood day, ls (pid 8)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
