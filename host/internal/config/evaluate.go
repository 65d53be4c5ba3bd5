package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// laterFunctions are those that are planned.
var laterFunctions = strings.Fields(`
	abs ceil floor log max min parseint pow signum sum
	chomp formatdate formatlist indent regex regexall replace split strrev substr title trim trimprefix trimspace trimsuffix
	chunklist coalesce coalescelist compact concat contains distinct element flatten index keys length lookup matchkeys merge one range
	reverse setintersection setproduct setsubtract setunion slice sort transpose values zipmap
	base64decode base64encode csvdecode jsondecode jsonencode urlencode yamldecode yamlencode
	abspath basename dirname file filebase64 fileexists fileset pathexpand templatefile timeadd timecmp timestamp
	can sensitive nonsensitive tobool tolist tomap tonumber toset tostring try type
	cidrhost cidrnetmask cidrsubnet cidrsubnets cidr_contains ip interfaces
	bitand bitor bitxor bitnot shift bytes duration`)

// Evaluate evaluates an argument at load time as that type. The result is [cty.NilVal] if it is null, or if there are errors. The name is
// that of the argument, and want what its values are called, for messages.
func Evaluate(e hcl.Expression, ctx *hcl.EvalContext, ty cty.Type, name, want string) (cty.Value, hcl.Diagnostics) {
	if diags := checkNames(e, false); diags.HasErrors() {
		return cty.NilVal, diags
	}
	if word, ok := bareWord(e, ctx); ok && (ty == cty.String || ty.Equals(cty.List(cty.String))) {
		return cty.NilVal, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unknown variable", Subject: e.Range().Ptr(),
			Detail: fmt.Sprintf("There is no variable %s. Write text in quotes: %q.", word, word)}}
	}
	v, diags := e.Value(ctx)
	// Unknown is what the parser makes of an expression that it has reported.
	if diags.HasErrors() || v.IsNull() || !v.IsWhollyKnown() {
		return cty.NilVal, diags
	}
	converted, err := convert.Convert(v, ty)
	if err != nil {
		have := "a " + v.Type().FriendlyName()
		switch {
		case v.Type().IsTupleType():
			have = "a list" // as people call it
		case v.Type().IsObjectType():
			have = "an object"
		}
		return cty.NilVal, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Wrong type", Subject: e.Range().Ptr(),
			Detail: fmt.Sprintf("%q takes a %s, not %s.", name, want, have)})
	}
	if converted, _ = converted.UnmarkDeep(); converted.IsNull() {
		return cty.NilVal, diags
	}
	return converted, diags
}

// bareWord returns a word that is no variable: somebody forgot the quotes.
func bareWord(e hcl.Expression, ctx *hcl.EvalContext) (string, bool) {
	t, ok := e.(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(t.Traversal) != 1 {
		return "", false
	}
	word := t.Traversal.RootName()
	_, known := ctx.Variables[word]
	return word, !known
}

// CheckEvent reports references in an event expression to what is not built yet, or no value.
func CheckEvent(e hcl.Expression) hcl.Diagnostics { return checkNames(e, true) }

// checkNames reports references to what is not known at load time, for an expression that is evaluated then, or not built yet.
func checkNames(e hcl.Expression, overEvents bool) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range e.Variables() {
		r := t.SourceRange()
		switch root := t.RootName(); root {
		case "event":
			if overEvents {
				continue
			}
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No event here", Subject: &r,
				Detail: `This is evaluated once, when the file is read, and not for each event. "event" can be used in "where" and in those ` +
					"arguments of a handler's config that take an event expression."})
		case "probe":
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No probe here", Subject: &r,
				Detail: `Probes and their streams are referred to in the "from" of a handler, and are not values.`})
		case "var", "local", "each":
			diags = append(diags, unsupported(r, fmt.Sprintf("References to %q", root), `write the value itself, or use env("NAME", "default")`))
		}
	}
	return append(diags, checkFunctions(e)...)
}

// checkFunctions reports calls of functions that are not built yet.
func checkFunctions(e hcl.Expression) hcl.Diagnostics {
	native, ok := e.(hclsyntax.Expression)
	if !ok {
		return nil
	}
	return hclsyntax.VisitAll(native, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && slices.Contains(laterFunctions, call.Name) {
			return hcl.Diagnostics{unsupported(call.NameRange, fmt.Sprintf("Calls of %q", call.Name), "")}
		}
		return nil
	})
}
