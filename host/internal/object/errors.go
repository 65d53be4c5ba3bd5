package object

import (
	"fmt"
	"os"
	"strings"
)

// NotFoundError says that an object has no program, stream or type of a name. It wraps [os.ErrNotExist].
type NotFoundError struct {
	What   string   // "program", "stream" or "type"
	Name   string   // what was asked for
	Object string   // the object's name
	Have   []string // what there is of that kind, sorted: candidates for "did you mean"
}

func (e *NotFoundError) Error() string {
	const most = 20
	switch n := len(e.Have); {
	case n == 0:
		return fmt.Sprintf("object %s has no %s %q: it has no %ss at all", e.Object, e.What, e.Name, e.What)
	case n > most:
		return fmt.Sprintf("object %s has no %s %q: it has %s and %d more", e.Object, e.What, e.Name, strings.Join(e.Have[:most], ", "), n-most)
	default:
		return fmt.Sprintf("object %s has no %s %q: it has %s", e.Object, e.What, e.Name, strings.Join(e.Have, ", "))
	}
}

func (e *NotFoundError) Unwrap() error { return os.ErrNotExist }

// TypeUnknownError says that nothing tells the type of a stream's records.
type TypeUnknownError struct {
	Stream string
	Object string
	Have   []string // the structs that it may be, sorted
}

func (e *TypeUnknownError) Error() string {
	cure := "the object has no BTF types: compile it with -g"
	if len(e.Have) > 0 {
		cure = fmt.Sprintf("say it with `stream %q { type = %q }`; the object's structs: %s", e.Stream, e.Have[0], strings.Join(e.Have, ", "))
	}
	return fmt.Sprintf("object %s does not say which type the records of %q have (no __type(value, ...) in the map's definition): %s",
		e.Object, e.Stream, cure)
}
