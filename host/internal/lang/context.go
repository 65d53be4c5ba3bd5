package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/probehost/probehost/sdk/record"
)

// BuiltinPrefix begins the value of builtin.NAME, a string. No path to an object file looks like that.
const BuiltinPrefix = "builtin:"

// Context holds what every expression of a configuration sees: functions, the constants proto.NAME, and builtin.NAME for each of the
// given built-in objects. The caller may add to it, or better make a child of it.
func Context(builtins []string) *hcl.EvalContext {
	objects := make(map[string]cty.Value, len(builtins))
	for _, name := range builtins {
		objects[name] = cty.StringVal(BuiltinPrefix + name)
	}
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"builtin": cty.ObjectVal(objects),
			"proto":   cty.ObjectVal(protocols()),
		},
		Functions: map[string]function.Function{
			"env":               envFunction,
			"default_interface": interfaceFunction,
			"startswith":        searchFunction("Whether a text begins with another.", strings.HasPrefix),
			"endswith":          searchFunction("Whether a text ends with another.", strings.HasSuffix),
			"strcontains":       searchFunction("Whether a text holds another.", strings.Contains),
			"lower":             stdlib.LowerFunc,
			"upper":             stdlib.UpperFunc,
			"format":            bounded(stdlib.FormatFunc, formatted),
			"join":              bounded(stdlib.JoinFunc, joined),
		},
	}
}

// protocols are the numbers of IP protocols by all names that can be written after a dot, also with _ for -.
func protocols() map[string]cty.Value {
	values := map[string]cty.Value{}
	for _, names := range []map[string]int64{record.Aliases(record.Protocol), record.Names(record.Protocol)} {
		for name, number := range names {
			for _, spelling := range []string{name, strings.ReplaceAll(name, "-", "_")} {
				if hclsyntax.ValidIdentifier(spelling) {
					values[spelling] = cty.NumberIntVal(number)
				}
			}
		}
	}
	return values
}
