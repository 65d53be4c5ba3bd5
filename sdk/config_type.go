package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/probehost/probehost/sdk/wire"
)

// attributeType says how values of one Go type are written in a configuration, travel, and are stored.
type attributeType struct {
	cty   string // a cty type in its JSON form
	role  wire.Attribute_Role
	oneOf bool           // a list of allowed values makes sense
	list  *attributeType // the type of the elements of a list, else nil
	// mapped is the type of the elements of a map, else nil.
	mapped *attributeType
	// set stores a value that travelled as JSON.
	set func(c *configReader, raw json.RawMessage, dst reflect.Value) error
	// literal turns text of a default or oneof tag into the JSON that travels. Nil: such tags are not allowed.
	literal func(text string) (json.RawMessage, error)
	// quoted says that the value is written as a string in a configuration.
	quoted bool
}

// elem returns the type of the elements of a list, or t itself.
func (t *attributeType) elem() *attributeType {
	if t.list != nil {
		return t.list
	}
	return t
}

// written returns the text of a default tag as JSON of what a user would write.
func (t *attributeType) written(text string) string {
	if t.list != nil {
		var all []string
		for _, v := range splitList(text) {
			all = append(all, t.list.written(v))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	if t.quoted {
		return string(quote(text))
	}
	return text
}

var (
	durationType  = reflect.TypeFor[time.Duration]()
	sizeType      = reflect.TypeFor[Size]()
	fieldNameType = reflect.TypeFor[FieldName]()
	predicateType = reflect.TypeFor[Predicate]()
	templateType  = reflect.TypeFor[Template]()
)

func attributeTypeOf(t reflect.Type) (*attributeType, error) {
	switch t {
	case predicateType:
		return &attributeType{cty: `"string"`, role: wire.Attribute_PREDICATE, set: setPredicate}, nil
	case templateType:
		return &attributeType{cty: `"string"`, role: wire.Attribute_TEMPLATE, set: setTemplate}, nil
	}
	if scalar, ok := scalarTypeOf(t); ok {
		return scalar, nil
	}
	switch {
	case t.Kind() == reflect.Slice:
		if elem, ok := scalarTypeOf(t.Elem()); ok {
			return listOf(elem), nil
		}
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		if elem, ok := scalarTypeOf(t.Elem()); ok {
			return &attributeType{cty: `["map",` + elem.cty + `]`, role: elem.role, mapped: elem, set: setMap(elem)}, nil
		}
	}
	return nil, fmt.Errorf("%s cannot be an attribute; use string, bool, an integer, float64, time.Duration, sdk.Size, sdk.FieldName, a slice or "+
		`a map[string] of one of them, sdk.Predicate or sdk.Template; a struct needs hcl:"name,block"`, t)
}

func scalarTypeOf(t reflect.Type) (*attributeType, bool) {
	switch t {
	case durationType:
		return &attributeType{cty: `"string"`, role: wire.Attribute_DURATION, quoted: true, set: setNumber, literal: func(text string) (json.RawMessage, error) {
			d, err := time.ParseDuration(text)
			return strconv.AppendInt(nil, int64(d), 10), err
		}}, true
	case sizeType:
		return &attributeType{cty: `"string"`, role: wire.Attribute_SIZE, quoted: true, set: setNumber, literal: func(text string) (json.RawMessage, error) {
			n, err := ParseSize(text)
			return strconv.AppendInt(nil, int64(n), 10), err
		}}, true
	case fieldNameType:
		return &attributeType{cty: `"string"`, role: wire.Attribute_FIELD, quoted: true, set: setString, literal: quoteLiteral}, true
	}
	switch t.Kind() {
	case reflect.String:
		return &attributeType{cty: `"string"`, quoted: true, oneOf: true, set: setString, literal: quoteLiteral}, true
	case reflect.Bool:
		return &attributeType{cty: `"bool"`, set: setBool, literal: func(text string) (json.RawMessage, error) {
			if text != "true" && text != "false" {
				return nil, fmt.Errorf("%q is neither true nor false", text)
			}
			return json.RawMessage(text), nil
		}}, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
		return &attributeType{cty: `"number"`, oneOf: true, set: setNumber, literal: func(text string) (json.RawMessage, error) {
			return json.RawMessage(text), storeNumber(reflect.New(t).Elem(), text)
		}}, true
	}
	return nil, false
}

func listOf(elem *attributeType) *attributeType {
	return &attributeType{
		cty: `["list",` + elem.cty + `]`, role: elem.role, list: elem, oneOf: elem.oneOf, set: setList(elem),
		literal: func(text string) (json.RawMessage, error) {
			var all []json.RawMessage
			for _, v := range splitList(text) {
				raw, err := elem.literal(v)
				if err != nil {
					return nil, err
				}
				all = append(all, raw)
			}
			return json.Marshal(all)
		},
	}
}

// splitList splits the text of a tag at commas. The empty text is the empty list.
func splitList(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

func quote(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil { // strings always marshal
		panic(err)
	}
	return raw
}

func quoteLiteral(text string) (json.RawMessage, error) { return quote(text), nil }

// storeNumber stores a JSON number. It must be one that dst can hold exactly, except for floats.
func storeNumber(dst reflect.Value, text string) error {
	if dst.Kind() == reflect.Float64 {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number that fits", text)
		}
		dst.SetFloat(f)
		return nil
	}
	if len(text) > 64 {
		return errors.New("the number has too many digits")
	}
	// Not ParseInt alone: numbers may travel as 5.0 or 1e3.
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		return fmt.Errorf("%q is not a number", text)
	}
	if !f.IsInt() {
		return fmt.Errorf("%s is not a whole number", text)
	}
	bits := dst.Type().Bits()
	if dst.CanInt() {
		if n, acc := f.Int64(); acc == big.Exact && !dst.OverflowInt(n) {
			dst.SetInt(n)
			return nil
		}
		return fmt.Errorf("%s does not fit a signed integer of %d bits", text, bits)
	}
	if n, acc := f.Uint64(); acc == big.Exact && !dst.OverflowUint(n) {
		dst.SetUint(n)
		return nil
	}
	return fmt.Errorf("%s does not fit an unsigned integer of %d bits", text, bits)
}
