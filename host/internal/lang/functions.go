package lang

import (
	"errors"
	"os"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// envFunction is env(name) or env(name, default). A variable that is set to nothing is set.
var envFunction = function.New(&function.Spec{
	Description: "The value of an environment variable, or the default if it is not set.",
	Params:      []function.Parameter{{Name: "name", Type: cty.String}},
	VarParam:    &function.Parameter{Name: "default", Type: cty.String},
	Type:        function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if len(args) > 2 {
			return cty.NilVal, function.NewArgErrorf(2, "env takes a name and at most one default")
		}
		name := args[0].AsString()
		value, ok := os.LookupEnv(name)
		switch {
		case ok:
			return cty.StringVal(value), nil
		case len(args) == 2:
			return args[1], nil
		}
		return cty.NilVal, function.NewArgErrorf(0, "the environment variable %q is not set; set it, or give a default: env(%q, \"...\")", name, name)
	},
})

var interfaceFunction = function.New(&function.Spec{
	Description: "The network interface of the default route, or lo.",
	Type:        function.StaticReturnType(cty.String),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
		name, err := defaultInterface()
		if err != nil {
			return cty.NilVal, errors.New("cannot read the default route: " + err.Error())
		}
		return cty.StringVal(name), nil
	},
})

// searchFunction looks for the second text in the first.
func searchFunction(description string, test func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Description: description,
		Params:      []function.Parameter{{Name: "str", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:        function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}
