package lang_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/host/internal/lang"
)

// evaluateBounded evaluates the attributes of a file in their order.
func evaluateBounded(t *testing.T, src string) ([]cty.Value, hcl.Diagnostics) {
	t.Helper()
	f, diags := hclsyntax.ParseConfig([]byte(src), "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	body := f.Body.(*hclsyntax.Body)
	if diags := lang.Bound(body); diags.HasErrors() {
		return nil, diags
	}
	ctx := lang.Context(nil)
	var values []cty.Value
	for _, name := range []string{"a", "b"} {
		if a, ok := body.Attributes[name]; ok {
			v, more := a.Expr.Value(ctx)
			values, diags = append(values, v), append(diags, more...)
		}
	}
	return values, diags
}

// loops nests for expressions over the same list.
func loops(depth int, list, body string) string {
	for i := range depth {
		body = fmt.Sprintf("[for x%d in %s : %s]", i, list, body)
	}
	return body
}

// growing nests for expressions of which each makes something of what the one around it made.
func growing(depth int, first, step string) string {
	expression := fmt.Sprintf("x%d", depth)
	for i := depth; i > 0; i-- {
		expression = fmt.Sprintf("[for x%d in [%s] : %s]", i, strings.ReplaceAll(step, "x", fmt.Sprintf("x%d", i-1)), expression)
	}
	return fmt.Sprintf("[for x0 in [%s] : %s]", first, expression)
}

func TestBound(t *testing.T) {
	list := func(n int) string { return "[" + strings.Repeat("1,", n) + "]" }
	text := `"` + strings.Repeat("x", 10_000) + `"`
	for name, test := range map[string]struct {
		src  string
		want string // none: fine
	}{
		"a long list":           {src: "a = [for x in " + list(10_000) + " : x + 1]"},
		"a table":               {src: "a = " + loops(2, list(100), `"${x0} ${x1}"`)},
		"an object":             {src: "a = { for k, v in { p = 1, q = 2 } : upper(k) => v + 1 if v > 0 }"},
		"the deepest":           {src: "a = " + loops(8, "[1]", "1")},
		"too deep":              {src: "a = " + loops(9, "[1]", "1"), want: "Nested too deeply"},
		"six of ten":            {src: "a = " + loops(6, list(10), "1"), want: "Too much to evaluate"},
		"eight of a hundred":    {src: "a = " + loops(8, list(100), "1"), want: "Too much to evaluate"},
		"long lists":            {src: "a = " + loops(2, list(10_000), "1"), want: "Too much to evaluate"},
		"a list in each round":  {src: "a = [for x in " + list(10_000) + " : " + list(10_000) + "]", want: "Too much to evaluate"},
		"comparing a long list": {src: "a = [for x in [" + list(10_000) + "] : [for y in " + list(10_000) + " : x == x]]", want: "Too much to evaluate"},
		"a text that grows":     {src: "a = " + growing(6, text, `"`+strings.Repeat("${x}", 20)+`"`), want: "Too much to evaluate"},
		"a list that grows":     {src: "a = " + growing(7, list(10), `[`+strings.Repeat("x,", 20)+`]`), want: "Too much to evaluate"},
		"a number that grows":   {src: "a = " + growing(7, "1e999", `x*x*x*x*x*x*x*x`), want: "Too much to evaluate"},
		"in a template":         {src: `a = "%{for x in ` + list(1000) + `}%{for y in ` + list(1000) + `}.%{endfor}%{endfor}"`, want: "Too much to evaluate"},
		"in a condition":        {src: "a = [for x in " + list(1000) + " : x if startswith(join(\"\", [for y in " + list(1000) + " : \"y\"]), \"y\")]", want: "Too much to evaluate"},
		"errors":                {src: "a = [for x in " + list(10_000) + " : nothing]", want: "Unknown variable"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			values, diags := evaluateBounded(t, test.src)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			switch {
			case test.want == "" && (diags.HasErrors() || !values[0].IsWhollyKnown()):
				t.Error(diags)
			case test.want != "" && !diags.HasErrors():
				t.Errorf("no error; want %s", test.want)
			case test.want != "" && diags[0].Summary != test.want:
				t.Errorf("got %s; %s, want %s", diags[0].Summary, diags[0].Detail, test.want)
			case len(diags) > 2000:
				t.Errorf("%d diagnostics", len(diags))
			}
		})
	}
}

// TestBoundSaysItOnce checks that each expression that is not evaluated says so, once, and that the others are evaluated.
func TestBoundSaysItOnce(t *testing.T) {
	many := loops(6, "[1,2,3,4,5,6,7,8,9,10]", "1")
	values, diags := evaluateBounded(t, "a = "+many+"\nb = "+many+"\n")
	if len(diags) != 2 || diags[0].Subject.Start.Line != 1 || diags[1].Subject.Start.Line != 2 {
		t.Errorf("got %d diagnostics: %v", len(diags), diags)
	}
	for i, v := range values {
		if v.IsWhollyKnown() {
			t.Errorf("value %d is known", i)
		}
	}
	values, diags = evaluateBounded(t, "a = "+many+"\nb = 1\n")
	if len(diags) != 1 || !values[1].RawEquals(cty.NumberIntVal(1)) {
		t.Errorf("got %v, %v", values[1], diags)
	}
}

// TestBoundKeepsVariables checks that what is in a for expression can still be looked at.
func TestBoundKeepsVariables(t *testing.T) {
	f, _ := hclsyntax.ParseConfig([]byte("a = [for x in outside : [for y in x : event.pid]]"), "x.hcl", hcl.InitialPos)
	body := f.Body.(*hclsyntax.Body)
	if diags := lang.Bound(body); diags.HasErrors() {
		t.Fatal(diags)
	}
	var names []string
	for _, v := range body.Attributes["a"].Expr.Variables() {
		names = append(names, v.RootName())
	}
	if len(names) != 2 || names[0] != "outside" || names[1] != "event" {
		t.Errorf("got %v", names)
	}
}

// TestLongTexts checks that no function makes a text that fills the memory.
func TestLongTexts(t *testing.T) {
	long := `"` + strings.Repeat("x", 100_000) + `"`
	for name, test := range map[string]struct {
		src  string
		want int // length; -1: refused
	}{
		"format":            {`format("%5d|%-5s|%s %#v %%", 1, "a", true, [1, null])`, len("    1|a    |true [1,null] %")},
		"join":              {`join(", ", ["a", "b"], ["c"])`, len("a, b, c")},
		"long":              {`join("", [` + long + `])`, 100_000},
		"width":             {`format("%2000000000s", "x")`, -1},
		"width of a number": {`format("%999999999999999999999d", 1)`, -1},
		"many widths":       {`format("` + strings.Repeat("%[1]100000s", 100) + `", "x")`, -1},
		"many verbs":        {`format("` + strings.Repeat("%[1]s", 1000) + `", ` + long + `)`, -1},
		"digits":            {`format("%s", 1e1000000)`, -1},
		"separator":         {`join(` + long + `, [` + strings.Repeat(`"",`, 1000) + `])`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			values, diags := evaluateBounded(t, "a = "+test.src)
			if test.want < 0 {
				if !diags.HasErrors() || !strings.Contains(diags[0].Detail, "too long") {
					t.Errorf("got %v", diags)
				}
				return
			}
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if got := values[0].AsString(); len(got) != test.want {
				t.Errorf("got %d bytes, want %d: %.100s", len(got), test.want, got)
			}
		})
	}
}
