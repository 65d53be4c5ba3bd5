package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// fill repeats the unit until the whole has about as many bytes as a file may have.
func fill(prefix, unit, suffix string) string {
	n := (MaxSize - len(prefix)) / (len(unit) + len(suffix))
	return prefix + strings.Repeat(unit, n) + strings.Repeat(suffix, n)
}

// Each of these below 1 MiB kills the parser or the evaluation, or takes minutes.
func TestGuardRefuses(t *testing.T) {
	for name, src := range map[string]string{
		"parentheses":             fill("a = ", "(", ""),
		"closed parentheses":      fill("a = ", "(", ")"),
		"parentheses, 10 MB":      "a = " + strings.Repeat("(", 10<<20),
		"lists":                   fill("a = ", "[", ""),
		"objects":                 fill("a = ", "{a=", "}"),
		"blocks":                  fill("", "a {\n", "}\n"),
		"calls":                   fill("a = ", "f(", ")"),
		"index in index":          fill("a = b", "[b", "]"),
		"templates":               fill("a = ", `"${`, `}"`),
		"open templates":          fill("a = ", `"${`, ""),
		"heredocs in heredocs":    fill("a = ", "<<A\n${", ""),
		"directives if":           fill(`a = "`, "%{if b}", "%{endif}") + `"`,
		"open directives":         fill(`a = "`, "%{if b}", ""),
		"directives for":          fill(`a = "`, "%{~ for b in c ~}", "%{endfor}") + `"`,
		"list comprehensions":     fill("a = ", "[for a in ", ""),
		"not":                     fill("a = ", "!", "") + "b",
		"minus":                   fill("a = ", "- ", "") + "b",
		"conditions":              fill("a = ", "b ? c : ", "") + "b",
		"conditions in middle":    fill("a = ", "b ? ", " : b"),
		"sums":                    fill("a = b", " + b", ""),
		"splats":                  fill("a = b", "[*]", ""),
		"attribute splats":        fill("a = b", ".*", ""),
		"indexes":                 fill("a = b", "[0]", ""),
		"attributes":              fill("a = b", ".c", ""),
		"operators over lines":    fill("a = {for a in b : a => ", "!\n", "") + "c }",
		"operators over comments": fill("a = (", "! # why\n", "") + "c)",
		"wrong closing brackets":  fill("a = ", "([{)", ""),
		"lines of a heredoc":      fill("a = <<A\n", "b\n", "") + "A\n",
		"a long number":           fill("a = 1", "0", ""),
		"a huge number":           `a = "${1e600000000}"`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			diags := guard([]byte(src), "x.hcl")
			if len(diags) != 1 || diags[0].Severity != hcl.DiagError || diags[0].Subject.Filename != "x.hcl" || diags[0].Detail == "" {
				t.Errorf("not refused: %v", diags)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestGuardAccepts(t *testing.T) {
	var sum strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&sum, "a%d = event.b == %d || !event.c\n", i, i)
	}
	for name, src := range map[string]string{
		"nothing":                  "",
		"199 deep":                 "a = " + strings.Repeat("(", 199) + "1" + strings.Repeat(")", 199),
		"brackets in a string":     `a = "` + strings.Repeat("([{", 1000) + `"`,
		"brackets in a comment":    "# " + strings.Repeat("([{", 1000) + "\n/* " + strings.Repeat("(", 1000) + "*/",
		"brackets in a heredoc":    "a = <<-A\n" + strings.Repeat(" ([{\n", 1000) + "A\n",
		"escaped templates":        `a = "` + strings.Repeat("$${", 1000) + `"`,
		"many statements":          sum.String(),
		"many templates":           `a = "` + strings.Repeat("${b.c} %{if d}e%{else}f%{endif}", 1000) + `"`,
		"a long list":              "a = [" + strings.Repeat("b.c,\n", 10_000) + "]",
		"a long object":            "a = {" + strings.Repeat("b = c.d # e\n", 10_000) + "}",
		"a long chain":             "a = b" + strings.Repeat(" || b", 900),
		"a string that stays open": "a = \"b\n" + sum.String(),
	} {
		t.Run(name, func(t *testing.T) {
			if diags := guard([]byte(src), "x.hcl"); diags.HasErrors() {
				t.Errorf("refused: %v at %v", diags, diags[0].Subject)
			}
		})
	}
}

// FuzzGuard holds the guard to its promise: what it lets pass is parsed into a tree of bounded depth.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{
		"a = ((1))", "a = [for b in c : !b]", "a = {for b, c in d : b => -c...}", "a { b {} }", `a = "${b}%{if c}d%{else}e%{endif}"`,
		"a = <<-A\n ${b}\n %{for c in d}\n%{endfor}\nA\n", "a = b[*].c.*.d[0]", "a = b ? c : d ? e : f", "([)]{", "/* # */ // \n", "a = 1e5",
		"\"${\"${\"", "a::b()", "a = {\nb: 1\n(c) = 2,\n}",
	} {
		f.Add([]byte(seed), uint16(1), uint16(0), uint16(1))
	}
	f.Fuzz(func(t *testing.T, unit []byte, n, from, to uint16) {
		// A part of the input many times over finds what recurses sooner than random bytes do.
		from = min(from, uint16(min(len(unit), 1<<15)))
		to = max(from, min(to, uint16(min(len(unit), 1<<15))))
		if int(to-from)*int(n) > MaxSize {
			return
		}
		src := append([]byte{}, unit[:from]...)
		src = append(src, strings.Repeat(string(unit[from:to]), int(n))...)
		src = append(src, unit[to:]...)
		if guard(src, "x.hcl").HasErrors() {
			return
		}
		file, _ := hclsyntax.ParseConfig(src, "x.hcl", hcl.InitialPos)
		d := &depth{}
		if diags := hclsyntax.Walk(file.Body.(*hclsyntax.Body), d); diags.HasErrors() {
			t.Fatal(diags)
		}
		// Several nodes of the tree may stand for one bracket or operator.
		if most := 6 * (maxDepth + maxChain); d.deepest > most {
			t.Errorf("the tree is %d deep, more than %d", d.deepest, most)
		}
	})
}

type depth struct{ now, deepest int }

func (d *depth) Enter(hclsyntax.Node) hcl.Diagnostics {
	d.now++
	d.deepest = max(d.deepest, d.now)
	return nil
}

func (d *depth) Exit(hclsyntax.Node) hcl.Diagnostics { d.now--; return nil }
