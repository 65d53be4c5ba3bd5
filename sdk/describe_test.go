package sdk

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata anew")

type alertConfig struct {
	Path    string            `hcl:"path" doc:"File to append to."`
	Top     int               `hcl:"top,optional" default:"5" doc:"How many rows to show."`
	Token   string            `hcl:"token,optional" sensitive:"true"`
	Fields  []FieldName       `hcl:"fields,optional" doc:"Fields to show."`
	Headers map[string]string `hcl:"headers,optional"`
	Rules   []alertRule       `hcl:"rule,block" doc:"What to look for."`
	Retry   *struct {
		Wait time.Duration `hcl:"wait,optional" default:"1s"`
		Room Size          `hcl:"room"`
	} `hcl:"retry,block"`
}

type alertRule struct {
	Name     string    `hcl:"name,label"`
	Severity string    `hcl:"severity,optional" default:"info" oneof:"info,warning"`
	When     Predicate `hcl:"when" doc:"The condition."`
	Message  Template  `hcl:"message,optional"`
}

var alertType = NewType(Info{Name: "alert", Version: "1.2.3", Doc: "Raises alerts."},
	func(context.Context, *Host, alertConfig) (Handler, error) { return nil, nil })

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant (go test -update writes it)\n%s", got, want)
	}
}

func TestExplain(t *testing.T) {
	var b strings.Builder
	explain(&b, alertType)
	golden(t, "explain.txt", b.String())
}

func TestExplainBare(t *testing.T) {
	var b strings.Builder
	explain(&b, newTestType[struct{}]("bare"))
	if text := b.String(); !strings.HasPrefix(text, "bare is a handler plugin of probehost\n") || strings.Contains(text, "config {") {
		t.Errorf("got\n%s", text)
	}
}

func TestDescribe(t *testing.T) {
	var b strings.Builder
	if err := describeJSON(&b, alertType); err != nil {
		t.Fatal(err)
	}
	golden(t, "describe.json", b.String())
}
