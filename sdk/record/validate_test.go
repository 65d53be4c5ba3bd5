package record

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		field Field
		want  string // in the error; empty: valid
	}{
		"number":                   {Field{Kind: Uint, Offset: 24, Size: 8}, ""},
		"number past the end":      {Field{Kind: Uint, Offset: 25, Size: 8}, "ends at byte 33 of a record of 32"},
		"offset that overflows":    {Field{Kind: Uint, Offset: 0xffffffff, Size: 8}, "ends at byte"},
		"number of three bytes":    {Field{Kind: Uint, Size: 3}, "1, 2, 4 or 8 bytes, not 3"},
		"number without size":      {Field{Kind: Int}, "1, 2, 4 or 8 bytes, not 0"},
		"invalid kind":             {Field{Kind: Invalid, Size: 4}, "unknown kind"},
		"kind from the future":     {Field{Kind: 99, Size: 4}, "unknown kind kind(99)"},
		"bits":                     {Field{Kind: Uint, Size: 4, BitOffset: 30, BitSize: 2}, ""},
		"bits past the number":     {Field{Kind: Uint, Size: 4, BitOffset: 30, BitSize: 3}, "do not fit"},
		"bit offset alone":         {Field{Kind: Uint, Size: 4, BitOffset: 3}, "do not fit"},
		"bits of text":             {Field{Kind: Text, Size: 4, BitSize: 3}, "do not fit"},
		"array":                    {Field{Kind: Array, Size: 12, Elem: 4}, ""},
		"array of nothing":         {Field{Kind: Array, Size: 12}, "elements of 0"},
		"array of three bytes":     {Field{Kind: Array, Size: 12, Elem: 3}, "elements of 3"},
		"array of a part":          {Field{Kind: Array, Size: 10, Elem: 4}, "elements of 4"},
		"array of addresses":       {Field{Kind: Array, Size: 12, Elem: 4, Format: IPv4}, "does not fit numbers"},
		"flexible array":           {Field{Kind: Array, Offset: 32, Elem: 8}, ""},
		"flexible text":            {Field{Kind: Text, Offset: 32}, ""},
		"flexible outside":         {Field{Kind: Text, Offset: 33}, "ends at byte 33"},
		"element size of a number": {Field{Kind: Uint, Size: 4, Elem: 4}, "element size 4"},
		"address":                  {Field{Kind: Bytes, Size: 16, Format: IP}, ""},
		"address of another size":  {Field{Kind: Bytes, Size: 4, Format: IP}, "takes 16 bytes, not 4"},
		"flexible address":         {Field{Kind: Bytes, Format: MAC}, "takes 6 bytes, not 0"},
		"address in a number":      {Field{Kind: Uint, Size: 4, Format: IPv4}, "addresses are of kind bytes"},
		"protocol in bytes":        {Field{Kind: Bytes, Size: 4, Format: Protocol}, "does not fit bytes"},
		"format of text":           {Field{Kind: Text, Size: 4, Format: Hex}, "does not fit text"},
		"format from the future":   {Field{Kind: Uint, Size: 4, Format: "geo"}, `format "geo"`},
		"values of a number":       {Field{Kind: Uint, Size: 4, Values: make([]EnumValue, 1)}, "1 named values"},
		"too many values":          {Field{Kind: Enum, Size: 4, Values: make([]EnumValue, MaxValues+1)}, "named values"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.field.Name = "f"
			s := Schema{Fields: []Field{test.field}, Size: 32}
			checkError(t, s.Validate(), test.want)
		})
	}
}

func TestValidateSchema(t *testing.T) {
	field := func(name string) Field { return Field{Name: name, Kind: Uint, Size: 1} }
	tests := map[string]struct {
		schema Schema
		want   string
	}{
		"empty":            {Schema{}, ""},
		"overlap":          {Schema{Fields: []Field{field("a"), field("b")}, Size: 1}, ""},
		"nested names":     {Schema{Fields: []Field{field("a.b"), field("a[0].c")}, Size: 1}, ""},
		"two of one name":  {Schema{Fields: []Field{field("a"), field("a")}, Size: 1}, "field a: there are two"},
		"too large":        {Schema{Size: MaxSize + 1}, "more than"},
		"too many":         {Schema{Fields: make([]Field, MaxFields+1)}, "more than"},
		"no name":          {Schema{Fields: []Field{field("")}, Size: 1}, "a name has 1 to"},
		"long name":        {Schema{Fields: []Field{field(strings.Repeat("a", MaxName+1))}, Size: 1}, "a name has 1 to"},
		"name with space":  {Schema{Fields: []Field{field("a b")}, Size: 1}, "may not hold"},
		"name with quote":  {Schema{Fields: []Field{field(`a"`)}, Size: 1}, "may not hold"},
		"name with escape": {Schema{Fields: []Field{field("a\x1b")}, Size: 1}, "may not hold"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkError(t, test.schema.Validate(), test.want) })
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("the error is %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("the error is %v, want one with %q", err, want)
	}
}
