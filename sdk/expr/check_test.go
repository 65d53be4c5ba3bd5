package expr

import (
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk/record"
)

var checkSchema = &record.Schema{Size: 64, Fields: []record.Field{
	{Name: "n", Kind: record.Uint, Size: 4},
	{Name: "text", Kind: record.Text, Offset: 8, Size: 8},
	{Name: "list", Kind: record.Array, Offset: 16, Size: 8, Elem: 4},
	{Name: "time", Kind: record.Uint, Offset: 24, Size: 8, Format: record.Time},
	{Name: "flag", Kind: record.Bool, Offset: 32, Size: 1},
	{Name: "addr", Kind: record.Bytes, Offset: 36, Size: 4, Format: record.IPv4},
}}

func field(i int) *Node {
	return &Node{Op: FieldRef, Type: TypeOf(&checkSchema.Fields[i]), Field: i}
}

func node(op Op, t Type, args ...*Node) *Node { return &Node{Op: op, Type: t, Args: args} }

func TestPredicateRefuses(t *testing.T) {
	flag, n, text, list, time, addr := field(4), field(0), field(1), field(2), field(3), field(5)
	deep := flag
	for range MaxDepth + 1 {
		deep = node(Not, Bool, deep)
	}
	wide := node(And, Bool)
	for range MaxNodes {
		wide.Args = append(wide.Args, flag)
	}
	cycle := node(Not, Bool)
	cycle.Args = []*Node{cycle}
	tests := map[string]struct {
		tree *Node
		want string // in the error
	}{
		"nothing":                {nil, "empty node"},
		"an empty argument":      {node(Not, Bool, nil), "empty node"},
		"an unknown operation":   {node(99, Bool, flag, flag), "op(99)"},
		"no operation":           {node(InvalidOp, Bool, flag, flag), "invalid"},
		"not a condition":        {n, "type uint, not bool"},
		"a wrong type":           {node(Not, Int, flag), "not has type bool, not int"},
		"a wrong field type":     {node(Not, Bool, &Node{Op: FieldRef, Type: Bool}), "field has type uint, not bool"},
		"a field too many":       {&Node{Op: FieldRef, Type: Bool, Field: 6}, "field 6 of a schema with 6"},
		"a negative field":       {&Node{Op: FieldRef, Type: Bool, Field: -1}, "field -1"},
		"a field with arguments": {&Node{Op: FieldRef, Type: Bool, Field: 4, Args: []*Node{flag}}, "has 1 arguments"},
		"not of a number":        {node(Not, Bool, n), "not does not take [uint]"},
		"and of one":             {node(And, Bool, flag), "has 1 arguments"},
		"and of a number":        {node(And, Bool, flag, n), "and does not take"},
		"text less than text":    {node(Lt, Bool, text, text), "lt does not take"},
		"text equal to a number": {node(Eq, Bool, text, n), "eq does not take"},
		"text equal to bytes":    {node(Eq, Bool, text, addr), "eq does not take"},
		"arrays":                 {node(Eq, Bool, list, list), "kind array, which has no value"},
		"a search in bytes":      {node(Contains, Bool, addr, text), "contains does not take"},
		"branches that differ":   {node(Cond, Bool, flag, flag, n), "cond does not take"},
		"a condition of a cond":  {node(Cond, Bool, n, flag, flag), "cond does not take"},
		"the sum of texts":       {node(Eq, Bool, node(Add, Int, text, n), n), "add does not take"},
		"a signed sum":           {node(Eq, Bool, node(Add, Int, n, n), n), "add has type uint, not int"},
		"a concat":               {node(Eq, Bool, node(Concat, String, text), text), "outside of a template"},
		"a shown time":           {node(Eq, Bool, node(Text, String, time), text), "time"},
		"a shown branch of time": {node(Eq, Bool, node(Text, String, node(Cond, Uint, flag, n, time)), text), "time"},
		"a constant of no type":  {&Node{Op: Const}, "constant of type invalid"},
		"an unknown type":        {&Node{Op: Const, Type: 9}, "type(9)"},
		"a deep tree":            {deep, "deeper than 100"},
		"a wide tree":            {wide, "more than 10000 nodes"},
		"a cycle":                {cycle, "deeper than 100"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := NewPredicate(test.tree, checkSchema)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
			if p != nil {
				t.Error("there is a predicate")
			}
		})
	}
}

// TestNestedTextsCompileOnce nests comparisons of text in each other's conditions: if one compiled its arguments twice, this would take
// 2^32 steps.
func TestNestedTextsCompileOnce(t *testing.T) {
	n, text := field(0), field(1)
	tree := field(4)
	for range 32 {
		tree = node(StartsWith, Bool, node(Text, String, n), node(Cond, String, tree, text, text))
	}
	p, err := NewPredicate(tree, checkSchema)
	if err != nil {
		t.Fatal(err)
	}
	rec := make([]byte, 64)
	rec[8] = '0'
	if !p.Match(rec) {
		t.Error("0 does not start with 0")
	}
}

func TestTemplateTakes(t *testing.T) {
	flag, n, text, list, time := field(4), field(0), field(1), field(2), field(3)
	tests := map[string]struct {
		tree *Node
		want string // in the error; empty: valid
	}{
		"text":                     {text, ""},
		"an array":                 {node(Text, String, list), ""},
		"a time":                   {node(Text, String, time), ""},
		"a concat in a branch":     {node(Cond, String, flag, node(Concat, String, text, text), text), ""},
		"an empty concat":          {node(Concat, String), ""},
		"a number":                 {n, "type uint, not string"},
		"a concat of a number":     {node(Concat, String, n), "concat does not take"},
		"a concat in a condition":  {node(Cond, String, node(Eq, Bool, node(Concat, String), text), text, text), "outside of a template"},
		"a time in a condition":    {node(Cond, String, node(Eq, Bool, node(Text, String, time), text), text, text), "outside of a template"},
		"an array without display": {node(Concat, String, list), "kind array"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := NewTemplate(test.tree, checkSchema)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("the error is %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}
