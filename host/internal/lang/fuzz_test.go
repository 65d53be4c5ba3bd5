package lang

import (
	"regexp"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/probehost/probehost/sdk/expr"
)

// largeExponent finds numbers that HCL takes gigabytes to print.
var largeExponent = regexp.MustCompile(`[eE][+-]?[0-9]{4}`)

// FuzzExpression compiles whatever parses: there is a tree that evaluates, or there are errors that all have a range in the source.
func FuzzExpression(f *testing.F) {
	for _, source := range []string{
		`event.pid == 1 && (event.comm == "sh" || startswith(event.tail, "/tmp/"))`,
		`"${event.daddr}:${event.dport}%{ if event.flag } !%{ endif }"`,
		`event.result != "EPERM" ? -event.delta * 2 > 5 : event.latency < "5ms"`,
		`[for x in event.list : x][0] == event["pid"]`, `event.list[*].a`, `{a = event.pid}.a == proto.tcp`, `contains([1], event.pid)`,
		`event.size > 1e999`, `event.offset == -9223372036854775808`, `event.state == 255`, `event.slot[1].id % 0 == 5`,
	} {
		f.Add(source)
	}
	ctx := Context([]string{"exec"})
	delete(ctx.Functions, "format") // it can make texts of any length, at load
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 500 || largeExponent.MatchString(source) { // package config refuses more than that before parsing
			return
		}
		e, diags := hclsyntax.ParseExpression([]byte(source), "probes.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		n, diags := Predicate(e, events, ctx)
		checkResult(t, source, n, diags)
		if n != nil {
			p, err := expr.NewPredicate(n, events)
			if err != nil {
				t.Fatalf("%s: %v", source, err)
			}
			for _, length := range []int{len(eventRecord), 100, 0} {
				p.Match(eventRecord[:length])
			}
		}
		n, diags = Template(e, events, ctx)
		checkResult(t, source, n, diags)
		if n != nil {
			tmpl, err := expr.NewTemplate(n, events)
			if err != nil {
				t.Fatalf("%s: %v", source, err)
			}
			tmpl.Append(nil, eventRecord, nil)
		}
	})
}

func checkResult(t *testing.T, source string, n *expr.Node, diags hcl.Diagnostics) {
	t.Helper()
	if (n == nil) != diags.HasErrors() {
		t.Fatalf("%s: the tree is %v, the diagnostics are %v", source, n, diags)
	}
	for _, d := range diags {
		if d.Subject == nil || d.Subject.Start.Byte > d.Subject.End.Byte || d.Subject.End.Byte > len(source) {
			t.Fatalf("%s: %v has the range %v", source, d, d.Subject)
		}
	}
}
