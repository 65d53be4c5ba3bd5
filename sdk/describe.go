package sdk

import (
	"encoding/json"
	"io"

	"github.com/probehost/probehost/sdk/wire"
)

// Description is what --describe prints.
type description struct {
	Name    string           `json:"name"`
	Version string           `json:"version"`
	Doc     string           `json:"doc"`
	Config  blockDescription `json:"config"`
}

type blockDescription struct {
	Attributes []attributeDescription `json:"attributes"`
	Blocks     []nestedDescription    `json:"blocks"`
}

type attributeDescription struct {
	Name      string          `json:"name"`
	Type      string          `json:"type"`
	Required  bool            `json:"required"`
	Default   json.RawMessage `json:"default,omitempty"` // as a user writes it
	OneOf     []string        `json:"one_of,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
	Doc       string          `json:"doc,omitempty"`
}

type nestedDescription struct {
	Name     string   `json:"name"`
	Labels   []string `json:"labels,omitempty"`
	Repeated bool     `json:"repeated"`
	Required bool     `json:"required"`
	Doc      string   `json:"doc,omitempty"`
	blockDescription
}

func describeJSON(w io.Writer, t Type) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	i := t.info
	return e.Encode(description{Name: i.Name, Version: i.Version, Doc: i.Doc, Config: describeBlock(t.config)})
}

func describeBlock(s *blockSpec) blockDescription {
	d := blockDescription{Attributes: []attributeDescription{}, Blocks: []nestedDescription{}}
	for i := range s.attributes {
		a := &s.attributes[i]
		o := attributeDescription{
			Name: a.name, Type: a.typ.name(), Required: a.required, OneOf: a.oneOf, Sensitive: a.sensitive, Doc: a.doc,
		}
		if a.hasDef {
			o.Default = json.RawMessage(a.typ.written(a.def))
		}
		d.Attributes = append(d.Attributes, o)
	}
	for _, n := range s.blocks {
		o := nestedDescription{Name: n.name, Repeated: n.repeated, Required: n.required, Doc: n.doc, blockDescription: describeBlock(n.block)}
		for _, l := range n.block.labels {
			o.Labels = append(o.Labels, l.name)
		}
		d.Blocks = append(d.Blocks, o)
	}
	return d
}

// name returns the type as people call it.
func (t *attributeType) name() string {
	if t.list != nil {
		name := "list(" + t.list.name() + ")"
		if t.role == wire.Attribute_FIELD {
			return "field or " + name
		}
		return name
	}
	if t.mapped != nil {
		return "map(" + t.mapped.name() + ")"
	}
	switch t.role {
	case wire.Attribute_PREDICATE:
		return "condition"
	case wire.Attribute_TEMPLATE:
		return "template"
	case wire.Attribute_DURATION:
		return "duration"
	case wire.Attribute_SIZE:
		return "size"
	case wire.Attribute_FIELD:
		return "field"
	}
	var name string
	if err := json.Unmarshal([]byte(t.cty), &name); err != nil {
		panic(err) // scalars have a plain name
	}
	return name
}
