package main

import (
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/sdktest"
)

func TestLineOnATerminal(t *testing.T) {
	s := starts()
	run := sdktest.Open(t, alertType, sdktest.Options{Config: rules(ruleBlock("r", nil)), Width: 80, Height: 24}, s)
	at := time.Now()
	run.Send(s, object{"time": at, "pid": 7})
	if got, want := run.Stdout(), at.Format("15:04:05.000")+" WARNING r: "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
