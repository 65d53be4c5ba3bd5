package sdk

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

type recursive struct {
	Sub []recursive `hcl:"sub,block"`
}

func TestNewTypePanics(t *testing.T) {
	for _, test := range []struct {
		name string
		make func()
		want string
	}{
		{"name", func() { newTestType[struct{}]("a/b") }, `sdk.NewType: plugin name "a/b": '/' is not allowed`},
		{"no name", func() { newTestType[struct{}]("") }, "it must have 1 to 64 characters"},
		{"open", func() { NewType[struct{}](Info{Name: "a"}, nil) }, `plugin "a": open is nil`},
		{"not a struct", func() { newTestType[int]("a") }, "config int: int is not a struct"},
		{"no tag", func() {
			newTestType[struct{ A int }]("a")
		}, `field A: it has no hcl tag; write hcl:"name", or unexport`},
		{"unexported", func() {
			newTestType[struct {
				a int `hcl:"a"`
			}]("a")
		}, "field a: it has an hcl tag but is not exported"},
		{"bad name", func() {
			newTestType[struct {
				A int `hcl:"9a"`
			}]("a")
		}, `the hcl tag's name "9a" is not an identifier`},
		{"bad option", func() {
			newTestType[struct {
				A int `hcl:"a,required"`
			}]("a")
		}, `says "required" after the name, want "optional", "block" or "label"`},
		{"twice", func() {
			newTestType[struct {
				A int `hcl:"x"`
				B int `hcl:"x"`
			}]("a")
		}, `field B: the name "x" is already that of field A`},
		{"type", func() {
			newTestType[struct {
				A chan int `hcl:"a"`
			}]("a")
		}, "field A: chan int cannot be an attribute; use string, bool"},
		{"struct without block", func() {
			newTestType[struct {
				A rotateConfig `hcl:"a"`
			}]("a")
		}, `a struct needs hcl:"name,block"`},
		{"block of scalar", func() {
			newTestType[struct {
				A int `hcl:"a,block"`
			}]("a")
		}, "a block must be a struct, a pointer to one or a slice of them, not int"},
		{"label type", func() {
			newTestType[struct {
				A []struct {
					B int `hcl:"b,label"`
				} `hcl:"a,block"`
			}]("a")
		}, "field A: field B: a label must be a string, not int"},
		{"label outside", func() {
			newTestType[struct {
				A string `hcl:"a,label"`
			}]("a")
		}, "the config block itself has no labels"},
		{"default", func() {
			newTestType[struct {
				A int `hcl:"a,optional" default:"many"`
			}]("a")
		}, `field A: default:"many": "many" is not a number`},
		{"default duration", func() {
			newTestType[struct {
				A time.Duration `hcl:"a,optional" default:"5"`
			}]("a")
		}, `default:"5": time: missing unit in duration`},
		{"default out of range", func() {
			newTestType[struct {
				A uint8 `hcl:"a,optional" default:"300"`
			}]("a")
		}, `300 does not fit an unsigned integer of 8 bits`},
		{"default not allowed", func() {
			newTestType[struct {
				A string `hcl:"a,optional" default:"c" oneof:"a,b"`
			}]("a")
		}, `"c" is not allowed here, only a, b`},
		{"default of predicate", func() {
			newTestType[struct {
				A Predicate `hcl:"a,optional" default:"true"`
			}]("a")
		}, "sdk.Predicate cannot have a default"},
		{"oneof bool", func() {
			newTestType[struct {
				A bool `hcl:"a,optional" oneof:"true"`
			}]("a")
		}, "oneof is for strings and numbers"},
		{"oneof number", func() {
			newTestType[struct {
				A int `hcl:"a,optional" oneof:"1,x"`
			}]("a")
		}, `oneof: "x" is not a number`},
		{"sensitive", func() {
			newTestType[struct {
				A string `hcl:"a" sensitive:"yes"`
			}]("a")
		}, `sensitive:"yes", want "true"`},
		{"block default", func() {
			newTestType[struct {
				A *rotateConfig `hcl:"a,block" default:"x"`
			}]("a")
		}, "a block cannot have the tag default"},
		{"recursive", func() { newTestType[recursive]("a") }, "sdk.recursive contains itself: blocks cannot be recursive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				got := fmt.Sprint(recover())
				if !strings.Contains(got, test.want) {
					t.Errorf("panicked with %s\nwant %s", got, test.want)
				}
			}()
			test.make()
		})
	}
}

func newTestType[T any](name string) Type {
	return NewType(Info{Name: name}, func(context.Context, *Host, T) (Handler, error) { return nil, nil })
}
