package wire

import (
	"reflect"
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
	"google.golang.org/protobuf/proto"
)

func TestSchema(t *testing.T) {
	want := &record.Schema{Size: 40, Fields: []record.Field{
		{Name: "time", Kind: record.Uint, Format: record.Time, Size: 8, Type: "ktime_ns"},
		{Name: "port", Kind: record.Uint, Format: record.Port, Offset: 8, Size: 2, BigEndian: true},
		{Name: "list", Kind: record.Array, Offset: 12, Size: 8, Elem: 4, Signed: true},
		{Name: "flag", Kind: record.Uint, Offset: 20, Size: 4, BitOffset: 3, BitSize: 2},
		{Name: "state", Kind: record.Enum, Offset: 24, Size: 4, Values: []record.EnumValue{{Name: "none", Value: -1}, {Name: "one", Value: 1}}},
		{Name: "tail", Kind: record.Bytes, Offset: 40},
	}}
	got, err := DecodeSchema(want.Size, EncodeSchema(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// Names come from an object, which may hold anything.
func TestSchemaIsSent(t *testing.T) {
	s := &record.Schema{Size: 4, Fields: []record.Field{
		{Name: "a\xff", Kind: record.Enum, Size: 4, Type: "\xfe", Values: []record.EnumValue{{Name: "\x80", Value: 1}}},
	}}
	if _, err := proto.Marshal(&Stream{Fields: EncodeSchema(s)}); err != nil {
		t.Error(err)
	}
}

func TestDecodeSchemaRefuses(t *testing.T) {
	many := make([]*EnumValue, record.MaxValues/2+1)
	for i := range many {
		many[i] = &EnumValue{}
	}
	for _, test := range []struct {
		name   string
		fields []*Field
		want   string
	}{
		{"too many fields", make([]*Field, record.MaxFields+1), "4097 fields"},
		{"nil field", []*Field{nil}, "field 0"},
		{"outside", []*Field{{Name: "a", Kind: 3, Offset: 5, Size: 4}}, "field a"},
		{"kind", []*Field{{Name: "a", Kind: 300, Size: 4}}, "kind 300"},
		{"bits", []*Field{{Name: "a", Kind: 3, Size: 4, BitSize: 256}}, "bit size 256"},
		{"type", []*Field{{Name: "a", Kind: 3, Size: 4, Type: strings.Repeat("x", 5000)}}, "its type is longer than 4096"},
		{"values", []*Field{{Name: "a", Kind: 4, Size: 4, Values: many}, {Name: "b", Kind: 4, Size: 4, Values: many}}, "more than 65536 named values"},
		{"name of a value", []*Field{{Name: "a", Kind: 4, Size: 4, Values: []*EnumValue{{Name: strings.Repeat("x", 5000)}}}}, "name of a value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := DecodeSchema(8, test.fields); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestNode(t *testing.T) {
	want := &expr.Node{Op: expr.And, Type: expr.Bool, Args: []*expr.Node{
		{Op: expr.Const, Type: expr.Bool, Bool: true},
		{Op: expr.Eq, Type: expr.Bool, Args: []*expr.Node{
			{Op: expr.FieldRef, Type: expr.Uint, Field: 7}, {Op: expr.Const, Type: expr.Int, Int: -5},
		}},
		{Op: expr.Eq, Type: expr.Bool, Args: []*expr.Node{
			{Op: expr.Const, Type: expr.Uint, Uint: 1 << 63}, {Op: expr.Const, Type: expr.String, Str: "a\xff"},
		}},
	}}
	message, err := EncodeNode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeNode(message)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNodeBounds(t *testing.T) {
	deep, wide := &expr.Node{}, &expr.Node{}
	deepMessage, wideMessage := &Node{}, &Node{}
	for range expr.MaxDepth + 1 {
		deep = &expr.Node{Args: []*expr.Node{deep}}
		deepMessage = &Node{Args: []*Node{deepMessage}}
	}
	for range expr.MaxNodes {
		wide.Args = append(wide.Args, &expr.Node{})
		wideMessage.Args = append(wideMessage.Args, &Node{})
	}
	for _, test := range []struct {
		name    string
		node    *expr.Node
		message *Node
		want    string
	}{
		{"deep", deep, deepMessage, "nested more than 100 deep"},
		{"wide", wide, wideMessage, "more than 10000 nodes"},
		{"missing", nil, nil, "a node is missing"},
		{"argument missing", &expr.Node{Args: []*expr.Node{nil}}, &Node{Args: []*Node{nil}}, "a node is missing"},
		{"field", &expr.Node{Field: -1}, &Node{Field: 1 << 31}, "out of range"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := EncodeNode(test.node); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("EncodeNode: got %v, want %q", err, test.want)
			}
			if _, err := DecodeNode(test.message); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("DecodeNode: got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := DecodeNode(&Node{Op: 256}); err == nil {
		t.Error("operator 256 was taken")
	}
}
