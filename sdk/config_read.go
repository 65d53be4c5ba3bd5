package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/probehost/probehost/sdk/wire"
)

// configReader turns the JSON of a configuration into the config struct.
type configReader struct {
	expressions []*wire.Expression
	streams     []*Stream
}

// read returns a value of the spec's type. The error joins one [Errorf] per mistake.
func (c *configReader) read(spec *blockSpec, config []byte) (reflect.Value, error) {
	v := reflect.New(spec.typ).Elem()
	if len(config) == 0 {
		config = []byte("{}")
	}
	return v, c.block(spec, config, v, nil)
}

func (c *configReader) block(spec *blockSpec, raw json.RawMessage, dst reflect.Value, at Path) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return Errorf(at, "the configuration arrived broken: %w", err)
	}
	var errs []error
	for i := range spec.attributes {
		a := &spec.attributes[i]
		errs = append(errs, c.attribute(a, values[a.name], dst.Field(a.index), at.with(a.name)))
		delete(values, a.name)
	}
	for _, l := range spec.labels {
		if err := setString(c, values[l.name], dst.Field(l.index)); err != nil {
			errs = append(errs, Errorf(at, "label %s: %w", l.name, err))
		}
		delete(values, l.name)
	}
	for i := range spec.blocks {
		n := &spec.blocks[i]
		errs = append(errs, c.nested(n, values[n.name], dst.Field(n.index), at.with(n.name)))
		delete(values, n.name)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		errs = append(errs, Errorf(at.with(name), "there is no attribute or block of this name"))
	}
	return errors.Join(errs...)
}

func (c *configReader) attribute(a *attributeSpec, raw json.RawMessage, dst reflect.Value, at Path) error {
	if isNull(raw) {
		switch {
		case a.hasDef:
			return a.setDefault(dst)
		case a.required:
			return Errorf(at, "this attribute is required")
		}
		return nil
	}
	if err := a.typ.set(c, raw, dst); err != nil {
		return Errorf(at, "%w", err)
	}
	if err := a.allowed(dst); err != nil {
		return Errorf(at, "%w", err)
	}
	return nil
}

// setDefault stores the default.
func (a *attributeSpec) setDefault(dst reflect.Value) error {
	if a.typ.literal == nil {
		return fmt.Errorf("%s cannot have a default", dst.Type())
	}
	raw, err := a.typ.literal(a.def)
	if err != nil {
		return err
	}
	if err := a.typ.set(nil, raw, dst); err != nil {
		return err
	}
	return a.allowed(dst)
}

// allowed checks a value, or the elements of a list, against oneof.
func (a *attributeSpec) allowed(v reflect.Value) error {
	if a.oneOf == nil {
		return nil
	}
	if a.typ.list != nil {
		for i := range v.Len() {
			if err := a.allowedScalar(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return a.allowedScalar(v)
}

func (a *attributeSpec) allowedScalar(v reflect.Value) error {
	text := fmt.Sprint(v.Interface())
	if slices.Contains(a.oneOf, text) {
		return nil
	}
	return fmt.Errorf("%q is not allowed here, only %s", text, strings.Join(a.oneOf, ", "))
}

func (c *configReader) nested(n *nestedSpec, raw json.RawMessage, dst reflect.Value, at Path) error {
	if isNull(raw) {
		if n.required {
			return Errorf(at[:len(at)-1], "a block %q is required", n.name)
		}
		return nil
	}
	switch {
	case n.repeated:
		var all []json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			return Errorf(at, "the blocks arrived broken: %w", err)
		}
		list := reflect.MakeSlice(dst.Type(), len(all), len(all))
		var errs []error
		for i, r := range all {
			errs = append(errs, c.block(n.block, r, list.Index(i), at.with(i)))
		}
		dst.Set(list)
		return errors.Join(errs...)
	case n.required:
		return c.block(n.block, raw, dst, at)
	}
	v := reflect.New(n.block.typ)
	dst.Set(v)
	return c.block(n.block, raw, v.Elem(), at)
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

func setString(_ *configReader, raw json.RawMessage, dst reflect.Value) error {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return errors.New("a string is required")
	}
	dst.SetString(*s)
	return nil
}

func setBool(_ *configReader, raw json.RawMessage, dst reflect.Value) error {
	var b *bool
	if err := json.Unmarshal(raw, &b); err != nil || b == nil {
		return errors.New("true or false is required")
	}
	dst.SetBool(*b)
	return nil
}

func setNumber(_ *configReader, raw json.RawMessage, dst reflect.Value) error {
	var n *json.Number
	if err := json.Unmarshal(raw, &n); err != nil || n == nil || raw[0] == '"' {
		return errors.New("a number is required")
	}
	return storeNumber(dst, n.String())
}

func setList(elem *attributeType) func(*configReader, json.RawMessage, reflect.Value) error {
	return func(c *configReader, raw json.RawMessage, dst reflect.Value) error {
		var all []json.RawMessage
		if elem.role == wire.Attribute_FIELD && raw[0] == '"' { // one field stands for the list of it
			all = []json.RawMessage{raw}
		} else if err := json.Unmarshal(raw, &all); err != nil {
			return errors.New("a list is required")
		}
		list := reflect.MakeSlice(dst.Type(), len(all), len(all))
		for i, r := range all {
			if err := elem.set(c, r, list.Index(i)); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		dst.Set(list)
		return nil
	}
}

func setMap(elem *attributeType) func(*configReader, json.RawMessage, reflect.Value) error {
	return func(c *configReader, raw json.RawMessage, dst reflect.Value) error {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			return errors.New("a map is required")
		}
		m := reflect.MakeMapWithSize(dst.Type(), len(all))
		for _, key := range slices.Sorted(maps.Keys(all)) {
			v := reflect.New(dst.Type().Elem()).Elem()
			if err := elem.set(c, all[key], v); err != nil {
				return fmt.Errorf("element %q: %w", key, err)
			}
			m.SetMapIndex(reflect.ValueOf(key).Convert(dst.Type().Key()), v)
		}
		dst.Set(m)
		return nil
	}
}
