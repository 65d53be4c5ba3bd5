package plan

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/probehost/probehost/sdk/wire"
)

// Bounds of what a plugin may say about its configuration.
const (
	maxSchemaDepth = 16
	maxSchemaItems = 4096 // attributes, blocks and labels
)

// block is the schema of a block that a plugin described, checked.
type block struct {
	attributes map[string]*attribute
	blocks     map[string]*nested
	schema     *hcl.BodySchema
}

type attribute struct {
	*wire.Attribute
	ty cty.Type
}

type nested struct {
	*wire.NestedBlock
	block *block
}

// newBlock checks what a plugin says about its configuration. Plugins built with the SDK say nothing that is refused here.
func newBlock(w *wire.Block) (*block, error) {
	left := maxSchemaItems
	return checkBlock(w, maxSchemaDepth, &left)
}

func checkBlock(w *wire.Block, depth int, left *int) (*block, error) {
	b := &block{attributes: map[string]*attribute{}, blocks: map[string]*nested{}, schema: &hcl.BodySchema{}}
	if *left -= len(w.GetAttributes()) + len(w.GetBlocks()); *left < 0 || depth < 0 {
		return nil, fmt.Errorf("it has more than %d attributes and blocks, or blocks nested deeper than %d", maxSchemaItems, maxSchemaDepth)
	}
	for _, a := range w.GetAttributes() {
		if err := b.claim(a.GetName()); err != nil {
			return nil, err
		}
		ty, err := ctyjson.UnmarshalType([]byte(a.GetType()))
		if err != nil {
			return nil, fmt.Errorf("attribute %q has no valid type: %w", a.Name, err)
		}
		if !allowedType(ty, a.Role) {
			return nil, fmt.Errorf("attribute %q: type %s does not go with role %s", a.Name, ty.FriendlyName(), a.Role)
		}
		b.attributes[a.Name] = &attribute{Attribute: a, ty: ty}
		b.schema.Attributes = append(b.schema.Attributes, hcl.AttributeSchema{Name: a.Name, Required: a.Required})
	}
	for _, n := range w.GetBlocks() {
		if err := b.claim(n.GetName()); err != nil {
			return nil, err
		}
		if *left -= len(n.Labels); *left < 0 {
			return nil, fmt.Errorf("it has more than %d labels", maxSchemaItems)
		}
		inner, err := checkBlock(n.Block, depth-1, left)
		if err != nil {
			return nil, fmt.Errorf("block %q: %w", n.Name, err)
		}
		for _, label := range n.Labels {
			if err := inner.claim(label); err != nil {
				return nil, fmt.Errorf("block %q: label: %w", n.Name, err)
			}
		}
		b.blocks[n.Name] = &nested{NestedBlock: n, block: inner}
		b.schema.Blocks = append(b.schema.Blocks, hcl.BlockHeaderSchema{Type: n.Name, LabelNames: n.Labels})
	}
	return b, nil
}

// claim checks the name of an attribute, a block or a label: they share one namespace in what travels to the plugin.
func (b *block) claim(name string) error {
	if !hclsyntax.ValidIdentifier(name) || len(name) > 64 {
		return fmt.Errorf("%.64q is not a name", name)
	}
	if b.attributes[name] != nil || b.blocks[name] != nil {
		return fmt.Errorf("the name %q is there twice", name)
	}
	return nil
}

// allowedType reports whether values of the type can have the role: numbers, strings and bools, lists and maps of them; text for all
// roles but the plain one.
func allowedType(ty cty.Type, role wire.Attribute_Role) bool {
	switch role {
	case wire.Attribute_PREDICATE, wire.Attribute_TEMPLATE:
		return ty == cty.String
	case wire.Attribute_VALUE, wire.Attribute_DURATION, wire.Attribute_SIZE, wire.Attribute_FIELD:
	default:
		return false
	}
	if ty.IsListType() || ty.IsMapType() {
		ty = ty.ElementType()
	}
	if role != wire.Attribute_VALUE {
		return ty == cty.String
	}
	return slices.Contains([]cty.Type{cty.String, cty.Number, cty.Bool}, ty)
}
