package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	const (
		pass = `{"Action":"run","Package":"github.com/probehost/probehost/host","Test":"TestA"}
{"Action":"output","Package":"github.com/probehost/probehost/host","Test":"TestA","Output":"=== RUN TestA\n"}
{"Action":"pass","Package":"github.com/probehost/probehost/host","Test":"TestA"}
{"Action":"output","Package":"github.com/probehost/probehost/host","Output":"PASS\n"}
{"Action":"output","Package":"github.com/probehost/probehost/host","Output":"ok host 0.1s\n"}
{"Action":"pass","Package":"github.com/probehost/probehost/host"}
`
		start = `{"Action":"output","Package":"github.com/probehost/probehost/host","Test":"TestA/b","Output":"said so\n"}
`
		skip = start + `{"Action":"skip","Package":"github.com/probehost/probehost/host","Test":"TestA/b"}
`
		fail = start + `{"Action":"fail","Package":"github.com/probehost/probehost/host","Test":"TestA/b"}
{"Action":"fail","Package":"github.com/probehost/probehost/host"}
`
		build = `{"Action":"build-output","ImportPath":"x","Output":"x.go:1: undefined\n"}
{"Action":"build-fail","ImportPath":"x"}
{"Action":"fail","Package":"github.com/probehost/probehost/host"}
`
	)
	tests := []struct {
		name, list, in string
		wantOut        string
		wantErr        string // part of it; empty for none
	}{
		{"all pass", "", pass, "ok host 0.1s\ntests: 1 passed, 0 failed, 0 skipped\n", ""},
		{"text goes through", "", "go: building\n" + pass, "go: building\nok host 0.1s\ntests: 1 passed, 0 failed, 0 skipped\n", ""},
		{"failed test", "", fail, "said so\ntests: 0 passed, 1 failed, 0 skipped\n", "tests failed"},
		{"failed build", "", build, "x.go:1: undefined\ntests: 0 passed, 0 failed, 0 skipped\n", "tests failed"},
		{"no verdict", "", start, "tests: 0 passed, 0 failed, 0 skipped\n", "host TestA/b ended without a verdict:\nsaid so\n"},
		{"unlisted skip", "", skip, "tests: 0 passed, 0 failed, 1 skipped\n", "not listed as a test that may: github.com/probehost/probehost/host TestA/b\nsaid so\n"},
		{"listed skip", "# why\n\nhost TestA/* no kprobes here\n", skip, "tests: 0 passed, 0 failed, 1 skipped\n", ""},
		{"skip listed for another package", "sdk TestA/b reason\n", skip,
			"warning: sdk TestA/b is listed as a test that may skip, but it ran or is gone\ntests: 0 passed, 0 failed, 1 skipped\n", "not listed"},
		{"no reason", "host TestA/b\n", pass, "", "line 1: want a package, a test and a reason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := filepath.Join(t.TempDir(), "skips")
			if err := os.WriteFile(list, []byte(tt.list), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err := run(list, strings.NewReader(tt.in), &out)
			if out.String() != tt.wantOut {
				t.Errorf("printed:\n%s\nwant:\n%s", out.String(), tt.wantOut)
			}
			if tt.wantErr == "" && err != nil {
				t.Errorf("error %v, want none", err)
			}
			if tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error %v, want one that says %q", err, tt.wantErr)
			}
		})
	}
}
