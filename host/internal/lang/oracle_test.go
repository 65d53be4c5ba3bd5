package lang

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

var oracleContext = Context(nil)

// TestAgreesWithHCL evaluates random expressions twice: by HCL itself, with the event as an object, and compiled over the record. They
// are limited to where the two are meant to agree: no numbers beyond 64 bits, and no division with a remainder.
func TestAgreesWithHCL(t *testing.T) {
	count := 3000
	if testing.Short() {
		count = 300
	}
	outcomes := map[string]int{}
	for seed := range count {
		w := writer{rand.New(rand.NewPCG(3, uint64(seed)))}
		condition, template := w.condition(3), w.template(2)
		for range 3 {
			rec := w.record()
			outcomes[compareCondition(t, condition, rec)]++
			outcomes[compareTemplate(t, template, rec)]++
		}
	}
	if outcomes["true"] < count/2 || outcomes["false"] < count/2 || outcomes["text"] < count {
		t.Errorf("of %d conditions and as many templates came %v", 3*count, outcomes)
	}
}

// refused reports whether the compiler knows that a constant makes the comparison pointless, which HCL does not mind.
func refused(t *testing.T, source string, diags hcl.Diagnostics) bool {
	t.Helper()
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Summary != "Number out of range" {
			t.Fatalf("%s: %v", source, diags)
		}
	}
	return diags.HasErrors()
}

func compareCondition(t *testing.T, source string, rec []byte) string {
	t.Helper()
	n, diags := Predicate(parse(t, source), events, oracleContext)
	if refused(t, source, diags) {
		return "refused"
	}
	p, err := expr.NewPredicate(n, events)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	want := evaluate(t, source, rec)
	if got := p.Match(rec); got != want.True() {
		t.Fatalf("%s\nover %s\nis %t, and %t for HCL", source, events.AppendText(nil, rec, nil), got, want.True())
	}
	return fmt.Sprint(want.True())
}

func compareTemplate(t *testing.T, source string, rec []byte) string {
	t.Helper()
	n, diags := Template(parse(t, source), events, oracleContext)
	if refused(t, source, diags) {
		return "refused"
	}
	tmpl, err := expr.NewTemplate(n, events)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	want, err := convert.Convert(evaluate(t, source, rec), cty.String)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	if got := string(tmpl.Append(nil, rec, nil)); got != want.AsString() {
		t.Fatalf("%s\nover %s\nis %q, and %q for HCL", source, events.AppendText(nil, rec, nil), got, want.AsString())
	}
	return "text"
}

// evaluate is what HCL makes of the source when event is an object.
func evaluate(t *testing.T, source string, rec []byte) cty.Value {
	t.Helper()
	ctx := oracleContext.NewChild()
	ctx.Variables = map[string]cty.Value{root: object(rec)}
	v, diags := parse(t, source).Value(ctx)
	if diags.HasErrors() {
		t.Fatalf("%s: HCL refuses it: %v", source, diags)
	}
	return v
}

// object has the fields that the expressions of a writer mention: numbers, bools and texts as themselves, the others as they show.
func object(rec []byte) cty.Value {
	fields, parent := map[string]cty.Value{}, map[string]cty.Value{}
	for i := range events.Fields {
		f := &events.Fields[i]
		var v cty.Value
		switch {
		case f.Kind == record.Bool:
			v = cty.BoolVal(f.Bool(rec))
		case f.Kind == record.Array:
			continue
		case f.Kind == record.Uint && !f.Format.Named():
			v = cty.NumberUIntVal(f.Uint(rec))
		case f.Kind == record.Int && !f.Format.Named():
			v = cty.NumberIntVal(f.Int(rec))
		default:
			v = cty.StringVal(string(f.AppendText(nil, rec, nil)))
		}
		if name, ok := strings.CutPrefix(f.Name, "parent."); ok {
			parent[name] = v
		} else {
			fields[f.Name] = v
		}
	}
	fields["parent"] = cty.ObjectVal(parent)
	return cty.ObjectVal(fields)
}

// writer writes random expressions.
type writer struct{ *rand.Rand }

func (w writer) one(of ...string) string { return of[w.IntN(len(of))] }

func (w writer) condition(depth int) string {
	if depth == 0 {
		return w.one(`event.flag`, `true`, `false`, `event.mode == 5`, `event.comm == "aa"`)
	}
	a, b := w.condition(depth-1), w.condition(depth-1)
	switch w.IntN(9) {
	case 0:
		return fmt.Sprintf("!(%s)", a)
	case 1:
		return fmt.Sprintf("(%s) && (%s)", a, b)
	case 2:
		return fmt.Sprintf("(%s) || %s", a, w.condition(0))
	case 3:
		return fmt.Sprintf("((%s) ? %s : (%s))", w.condition(0), a, b)
	case 4:
		return w.named()
	case 5:
		return fmt.Sprintf("(%s) == (%s)", a, b)
	case 6:
		return fmt.Sprintf("%s(%s, %s)", w.one("startswith", "endswith", "strcontains"), w.text(depth-1), w.text(0))
	case 7:
		return fmt.Sprintf("%s %s %s", w.text(depth-1), w.one("==", "!="), w.one(`event.comm`, `event.tail`, `event.parent.comm`))
	}
	return fmt.Sprintf("%s %s %s", w.number(depth-1), w.one("==", "!=", "<", "<=", ">", ">="), w.field())
}

// named compares fields that show as something else than they are.
func (w writer) named() string {
	op := w.one("==", "!=")
	return w.one(
		fmt.Sprintf(`event.protocol %s "%s"`, op, w.one("tcp", "udp", "icmp")),
		fmt.Sprintf(`event.state %s "%s"`, op, w.one("IDLE", "BUSY", "ALL")),
		fmt.Sprintf(`event.result %s "%s"`, op, w.one("EPERM", "ENOENT")),
		fmt.Sprintf(`event.signal %s "%s"`, op, w.one("SIGHUP", "SIGINT")),
		fmt.Sprintf(`event.interface %s "lo"`, op),
		fmt.Sprintf(`event.gateway %s "%s"`, op, w.one("1.1.2.2", "97.97.97.97")),
		fmt.Sprintf(`event.daddr %s event.saddr`, op),
		fmt.Sprintf(`startswith(event.protocol, "%s")`, w.one("t", "u", "1")),
		fmt.Sprintf(`endswith(event.gateway, ".%d")`, w.IntN(3)),
	)
}

func (w writer) field() string {
	return w.one(`event.pid`, `event.ttl`, `event.delta`, `event.dport`, `event.sport`, `event.mode`, `event.offset`, `event.size`,
		`event.latency`, `event.parent.pid`)
}

// number stays within 64 bits: only fields of few bits are multiplied.
func (w writer) number(depth int) string {
	small := w.one(`event.ttl`, `event.delta`, `event.mode`, fmt.Sprint(w.IntN(4)))
	if depth == 0 {
		return w.one(`event.pid`, `event.parent.pid`, small, `event.dport`)
	}
	a, b := w.number(depth-1), w.number(0)
	switch w.IntN(7) {
	case 0:
		return fmt.Sprintf("(%s + %s)", a, b)
	case 1:
		return fmt.Sprintf("(%s - %s)", a, b)
	case 2:
		return fmt.Sprintf("(%s * %s)", a, small)
	case 3:
		return fmt.Sprintf("(-%s)", a)
	case 4:
		return fmt.Sprintf("(event.pid %% %d)", 1+w.IntN(7))
	case 5:
		k := 1 + w.IntN(7)
		return fmt.Sprintf("((%s * %d) / %d)", a, k, k)
	}
	return fmt.Sprintf("(%s ? %s : %d)", w.condition(0), b, w.IntN(5))
}

func (w writer) text(depth int) string {
	if depth > 0 && w.IntN(4) == 0 {
		return fmt.Sprintf("(%s ? %s : %s)", w.condition(0), w.text(depth-1), w.text(depth-1))
	}
	return w.one(`event.comm`, `event.tail`, `event.parent.comm`, `"aa"`, `"a"`, `"b"`, `""`, `upper("a")`)
}

// template is text made of parts. Durations and sizes are left out: they show with units, which HCL does not know.
func (w writer) template(depth int) string {
	var b strings.Builder
	b.WriteString(`"`)
	for range w.IntN(5) {
		switch w.IntN(6) {
		case 0:
			b.WriteString(w.one("a", "5% ", "$${", `\n`, "ü", " "))
		case 1:
			fmt.Fprintf(&b, "%%{ if %s }%s%%{ else }-%%{ endif }", w.condition(depth), w.one("x", "${event.pid}"))
		case 2:
			fmt.Fprintf(&b, "${0 + %s}", w.number(depth)) // HCL shows -(0) as -0
		case 3:
			fmt.Fprintf(&b, "${%s}", w.condition(depth))
		case 4:
			fmt.Fprintf(&b, "${%s}", w.text(depth))
		default:
			fmt.Fprintf(&b, "${event.%s}", w.one("protocol", "state", "result", "daddr", "gateway", "mac", "cookie", "uid", "interface", "signal"))
		}
	}
	b.WriteString(`"`)
	return b.String()
}

// record makes an event whose fields are often equal to each other and to the constants. It is long enough for all of them.
func (w writer) record() []byte {
	rec := make([]byte, events.Size)
	for i := range rec {
		rec[i] = []byte{0, 0, 0, 1, 2, 5, 6, 17, 'a', 'a', 0xff}[w.IntN(11)]
	}
	for i := range events.Fields {
		f := &events.Fields[i]
		if f.Kind == record.Text { // HCL has no text that is not UTF-8
			for j := int(f.Offset); j < len(rec) && (f.Size == 0 || j < int(f.Offset+f.Size)); j++ {
				rec[j] = w.one("\x00", "a", "a", "b")[0]
			}
		}
		if f.Name == "offset" || f.Name == "size" {
			rec[f.Offset+6] &= 1 // HCL adds to it without wrapping around
			rec[f.Offset+7] = 0
		}
	}
	return rec
}
