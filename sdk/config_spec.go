package sdk

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/probehost/probehost/sdk/wire"
)

// blockSpec is what the reflection of a config struct found out. It is immutable.
type blockSpec struct {
	typ        reflect.Type // the struct
	attributes []attributeSpec
	blocks     []nestedSpec
	labels     []labelSpec
}

type attributeSpec struct {
	name      string
	index     int // of the struct's field
	typ       *attributeType
	required  bool
	def       string // text of the default tag
	hasDef    bool
	doc       string
	sensitive bool
	oneOf     []string
}

type nestedSpec struct {
	name     string
	index    int
	repeated bool // the field is a slice
	required bool // the field is a struct, not a pointer to one
	block    *blockSpec
	doc      string
}

type labelSpec struct {
	name  string
	index int
}

func newBlockSpec(t reflect.Type) (*blockSpec, error) { return reflectBlock(t, nil) }

// reflectBlock finds all mistakes of a struct definition at once. Outer is the types that t is nested in.
func reflectBlock(t reflect.Type, outer []reflect.Type) (*blockSpec, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("%s contains itself: blocks cannot be recursive", t)
	}
	s := &blockSpec{typ: t}
	names := map[string]string{}
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		name, err := s.add(f, i, append(slices.Clip(outer), t))
		if err == nil && name != "" && names[name] != "" {
			err = fmt.Errorf("the name %q is already that of field %s", name, names[name])
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", f.Name, err))
		}
		names[name] = f.Name
	}
	return s, errors.Join(errs...)
}

// add adds what the field stands for, and returns its name in the configuration.
func (s *blockSpec) add(f reflect.StructField, index int, outer []reflect.Type) (string, error) {
	tag, ok := f.Tag.Lookup("hcl")
	switch {
	case !ok && f.IsExported():
		return "", errors.New(`it has no hcl tag; write hcl:"name", or unexport the field if it is not part of the configuration`)
	case !ok:
		return "", nil
	case !f.IsExported():
		return "", errors.New("it has an hcl tag but is not exported")
	}
	name, kind, _ := strings.Cut(tag, ",")
	if !isIdentifier(name) {
		return "", fmt.Errorf("the hcl tag's name %q is not an identifier (a letter or _, then letters, digits, _ or -)", name)
	}
	if err := checkTags(f, kind); err != nil {
		return "", err
	}
	switch kind {
	case "", "optional":
		return name, s.addAttribute(f, index, name, kind == "")
	case "block":
		return name, s.addBlock(f, index, name, outer)
	case "label":
		if f.Type.Kind() != reflect.String {
			return "", fmt.Errorf("a label must be a string, not %s", f.Type)
		}
		if len(outer) == 1 {
			return "", errors.New("the config block itself has no labels, only blocks inside it")
		}
		s.labels = append(s.labels, labelSpec{name: name, index: index})
		return name, nil
	}
	return "", fmt.Errorf(`the hcl tag says %q after the name, want "optional", "block" or "label"`, kind)
}

func checkTags(f reflect.StructField, kind string) error {
	if kind == "" || kind == "optional" {
		return nil
	}
	for _, key := range []string{"default", "oneof", "sensitive"} {
		if _, ok := f.Tag.Lookup(key); ok {
			return fmt.Errorf("a %s cannot have the tag %s", kind, key)
		}
	}
	return nil
}

func (s *blockSpec) addAttribute(f reflect.StructField, index int, name string, required bool) error {
	typ, err := attributeTypeOf(f.Type)
	if err != nil {
		return err
	}
	a := attributeSpec{name: name, index: index, typ: typ, required: required, doc: f.Tag.Get("doc")}
	switch text := f.Tag.Get("sensitive"); text {
	case "", "false":
	case "true":
		a.sensitive = true
	default:
		return fmt.Errorf(`sensitive:%q, want "true"`, text)
	}
	if list, ok := f.Tag.Lookup("oneof"); ok {
		if !typ.oneOf {
			return fmt.Errorf("oneof is for strings and numbers, not for %s", f.Type)
		}
		a.oneOf = splitList(list)
		for _, v := range a.oneOf {
			if _, err := typ.elem().literal(v); err != nil {
				return fmt.Errorf("oneof: %w", err)
			}
		}
	}
	if a.def, a.hasDef = f.Tag.Lookup("default"); a.hasDef {
		a.required = false
		if err := a.setDefault(reflect.New(f.Type).Elem()); err != nil {
			return fmt.Errorf("default:%q: %w", a.def, err)
		}
	}
	s.attributes = append(s.attributes, a)
	return nil
}

func (s *blockSpec) addBlock(f reflect.StructField, index int, name string, outer []reflect.Type) error {
	n := nestedSpec{name: name, index: index, doc: f.Tag.Get("doc")}
	t := f.Type
	switch t.Kind() {
	case reflect.Slice:
		n.repeated, t = true, t.Elem()
	case reflect.Pointer:
		t = t.Elem()
	case reflect.Struct:
		n.required = true
	}
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("a block must be a struct, a pointer to one or a slice of them, not %s", f.Type)
	}
	var err error
	n.block, err = reflectBlock(t, outer)
	s.blocks = append(s.blocks, n)
	return err
}

// isIdentifier accepts the identifiers of HCL that are plain ASCII.
func isIdentifier(name string) bool {
	for i, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_':
		case i > 0 && (r >= '0' && r <= '9' || r == '-'):
		default:
			return false
		}
	}
	return name != ""
}

// wire returns the spec for the host.
func (s *blockSpec) wire() *wire.Block {
	b := &wire.Block{}
	for i := range s.attributes {
		a := &s.attributes[i]
		w := &wire.Attribute{
			Name: a.name, Type: a.typ.cty, Required: a.required, Doc: a.doc, Sensitive: a.sensitive, Role: a.typ.role, OneOf: a.oneOf,
		}
		if a.hasDef {
			w.Default = a.typ.written(a.def)
		}
		b.Attributes = append(b.Attributes, w)
	}
	for _, n := range s.blocks {
		w := &wire.NestedBlock{Name: n.name, Repeated: n.repeated, Required: n.required, Block: n.block.wire(), Doc: n.doc}
		for _, l := range n.block.labels {
			w.Labels = append(w.Labels, l.name)
		}
		b.Blocks = append(b.Blocks, w)
	}
	return b
}
