package sdk

import (
	"encoding/json"
	"errors"
	"reflect"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

func setPredicate(c *configReader, raw json.RawMessage, dst reflect.Value) error {
	w, err := c.expression(raw)
	if err != nil {
		return err
	}
	compiled, err := compile(w, c.streams, expr.NewPredicate)
	if err != nil {
		return err
	}
	dst.Set(reflect.ValueOf(Predicate{compiled}))
	return nil
}

func setTemplate(c *configReader, raw json.RawMessage, dst reflect.Value) error {
	w, err := c.expression(raw)
	if err != nil {
		return err
	}
	compiled, err := compile(w, c.streams, expr.NewTemplate)
	if err != nil {
		return err
	}
	dst.Set(reflect.ValueOf(Template{compiled}))
	return nil
}

// expression returns the one that an attribute's value is the index of.
func (c *configReader) expression(raw json.RawMessage) (*wire.Expression, error) {
	var i uint32
	if err := json.Unmarshal(raw, &i); err != nil || uint64(i) >= uint64(len(c.expressions)) {
		return nil, errors.New("the expression is missing from what the host sent")
	}
	return c.expressions[i], nil
}
