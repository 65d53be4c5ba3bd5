package wire

import (
	"errors"
	"fmt"
	"math"

	"github.com/probehost/probehost/sdk/expr"
)

// EncodeNode returns the message for a tree, or an error if the tree is larger than [DecodeNode] takes.
func EncodeNode(n *expr.Node) (*Node, error) {
	left := expr.MaxNodes
	return encodeNode(n, 0, &left)
}

func encodeNode(n *expr.Node, depth int, left *int) (*Node, error) {
	if err := countNode(n == nil, depth, left); err != nil {
		return nil, err
	}
	if n.Field < 0 || n.Field > math.MaxUint32 {
		return nil, fmt.Errorf("expression: field index %d is out of range", n.Field)
	}
	w := &Node{
		Op: uint32(n.Op), Type: uint32(n.Type), Field: uint32(n.Field), Bool: n.Bool, Int: n.Int, Uint: n.Uint, Str: []byte(n.Str),
	}
	for _, a := range n.Args {
		arg, err := encodeNode(a, depth+1, left)
		if err != nil {
			return nil, err
		}
		w.Args = append(w.Args, arg)
	}
	return w, nil
}

// DecodeNode returns the tree of a message. It bounds size and depth; whether operators and types fit together is for
// [expr.NewPredicate] and [expr.NewTemplate] to check.
func DecodeNode(w *Node) (*expr.Node, error) {
	left := expr.MaxNodes
	return decodeNode(w, 0, &left)
}

func decodeNode(w *Node, depth int, left *int) (*expr.Node, error) {
	if err := countNode(w == nil, depth, left); err != nil {
		return nil, err
	}
	if w.Op > math.MaxUint8 || w.Type > math.MaxUint8 || w.Field > math.MaxInt32 {
		return nil, fmt.Errorf("expression: operator %d, type %d or field %d is out of range", w.Op, w.Type, w.Field)
	}
	n := &expr.Node{
		Op: expr.Op(w.Op), Type: expr.Type(w.Type), Field: int(w.Field), Bool: w.Bool, Int: w.Int, Uint: w.Uint, Str: string(w.Str),
	}
	for _, a := range w.Args {
		arg, err := decodeNode(a, depth+1, left)
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, arg)
	}
	return n, nil
}

// countNode accounts for one node of a tree.
func countNode(missing bool, depth int, left *int) error {
	*left--
	switch {
	case missing:
		return errors.New("expression: a node is missing")
	case depth > expr.MaxDepth:
		return fmt.Errorf("expression: nested more than %d deep", expr.MaxDepth)
	case *left < 0:
		return fmt.Errorf("expression: more than %d nodes", expr.MaxNodes)
	}
	return nil
}
