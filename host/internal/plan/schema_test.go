package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk/wire"
)

// A plugin may be broken or hostile: what it says about its configuration is refused, not believed.
func TestNewBlock(t *testing.T) {
	text := func(name string) *wire.Attribute { return &wire.Attribute{Name: name, Type: `"string"`} }
	deep := &wire.Block{}
	for range 100 {
		deep = &wire.Block{Blocks: []*wire.NestedBlock{{Name: "a", Block: deep}}}
	}
	wide := &wire.Block{}
	for i := range 10_000 {
		wide.Attributes = append(wide.Attributes, text(fmt.Sprintf("a%d", i)))
	}
	for name, test := range map[string]struct {
		block *wire.Block
		want  string // part of the error; empty: none
	}{
		"all of it":      {painter.Config, ""},
		"nothing":        {nil, ""},
		"a nil block":    {&wire.Block{Blocks: []*wire.NestedBlock{{Name: "a"}}}, ""},
		"too deep":       {deep, "nested deeper than 16"},
		"too wide":       {wide, "more than 4096"},
		"labels":         {&wire.Block{Blocks: []*wire.NestedBlock{{Name: "a", Labels: make([]string, 10_000)}}}, "more than 4096 labels"},
		"twice":          {&wire.Block{Attributes: []*wire.Attribute{text("a"), text("a")}}, `"a" is there twice`},
		"block twice":    {&wire.Block{Attributes: []*wire.Attribute{text("a")}, Blocks: []*wire.NestedBlock{{Name: "a"}}}, `"a" is there twice`},
		"label twice":    {&wire.Block{Blocks: []*wire.NestedBlock{{Name: "b", Labels: []string{"a"}, Block: &wire.Block{Attributes: []*wire.Attribute{text("a")}}}}}, `"a" is there twice`},
		"no name":        {&wire.Block{Attributes: []*wire.Attribute{text("")}}, "is not a name"},
		"nil attribute":  {&wire.Block{Attributes: []*wire.Attribute{nil}}, "is not a name"},
		"nil nested":     {&wire.Block{Blocks: []*wire.NestedBlock{nil}}, "is not a name"},
		"bad name":       {&wire.Block{Attributes: []*wire.Attribute{text("a b")}}, "is not a name"},
		"long name":      {&wire.Block{Attributes: []*wire.Attribute{text(strings.Repeat("a", 1000))}}, "is not a name"},
		"no type":        {&wire.Block{Attributes: []*wire.Attribute{{Name: "a"}}}, "no valid type"},
		"dynamic":        {&wire.Block{Attributes: []*wire.Attribute{{Name: "a", Type: `"dynamic"`}}}, "does not go with role VALUE"},
		"list of lists":  {&wire.Block{Attributes: []*wire.Attribute{{Name: "a", Type: `["list",["list","string"]]`}}}, "does not go with role VALUE"},
		"role and type":  {&wire.Block{Attributes: []*wire.Attribute{{Name: "a", Type: `"number"`, Role: wire.Attribute_SIZE}}}, "does not go with role SIZE"},
		"unknown role":   {&wire.Block{Attributes: []*wire.Attribute{{Name: "a", Type: `"string"`, Role: 99}}}, "does not go with role 99"},
		"expressions":    {&wire.Block{Attributes: []*wire.Attribute{{Name: "a", Type: `["list","string"]`, Role: wire.Attribute_PREDICATE}}}, "role PREDICATE"},
		"in a block too": {&wire.Block{Blocks: []*wire.NestedBlock{{Name: "b", Block: &wire.Block{Attributes: []*wire.Attribute{text("1")}}}}}, `block "b": "1" is not a name`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newBlock(test.block)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
