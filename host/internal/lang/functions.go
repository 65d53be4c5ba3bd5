package lang

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

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

// maxText bounds what one call of a function may return, in bytes: a width like in "%1000000000s", or a long text between the elements of
// a long list, would fill the memory.
const maxText = 1 << 20

// bounded makes a function of cty refuse arguments of which it would make too long a text. The estimate is never too low.
func bounded(f function.Function, estimate func(args []cty.Value) int) function.Function {
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		Type:        f.ReturnTypeForValues,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if estimate(args) > maxText {
				return cty.NilVal, fmt.Errorf("the text would be too long; there may be %d bytes", maxText)
			}
			return f.Call(args)
		},
	})
}

func joined(args []cty.Value) int {
	n := 0
	for _, list := range args[1:] {
		n += length(list) + list.LengthInt()*len(args[0].AsString())
	}
	return n
}

var numerals = regexp.MustCompile(`[0-9]+`)

// formatted takes each verb for one that prints the longest of the arguments.
func formatted(args []cty.Value) int {
	text, longest := args[0].AsString(), 0
	for _, v := range args[1:] {
		longest = max(longest, length(v))
	}
	n := len(text) + strings.Count(text, "%")*longest
	for _, digits := range numerals.FindAllString(text, -1) {
		padding, err := strconv.Atoi(digits)
		if err != nil || padding > maxText {
			return maxText + 1
		}
		n += padding
	}
	return n
}

// length is how long a value can become as text, at most.
func length(v cty.Value) int {
	n := 32 // null, true, and what stands around an element
	switch ty := v.Type(); {
	case v.IsNull() || !v.IsKnown():
	case ty == cty.String:
		n += 6 * len(v.AsString()) // as JSON: \u0000
	case ty == cty.Number:
		e := v.AsBigFloat().MantExp(nil)
		n += max(e, -e) + 512
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			n += length(key) + length(element)
		}
	}
	return n
}
