package object

import (
	"fmt"
	"os"
	"strings"
)

// NotFoundError says that an object has no program, map or struct of a name. It wraps [os.ErrNotExist].
type NotFoundError struct {
	What   string   // "program", "map" or "struct"
	Name   string   // what was asked for
	Object string   // the object's name
	Have   []string // what there is of that kind, sorted: candidates for "did you mean"
}

func (e *NotFoundError) Error() string {
	if len(e.Have) == 0 {
		return fmt.Sprintf("object %s has no %s %q, nor any other", e.Object, e.What, e.Name)
	}
	return fmt.Sprintf("object %s has no %s %q; it has %s", e.Object, e.What, e.Name, list(e.Have))
}

func (e *NotFoundError) Unwrap() error { return os.ErrNotExist }

// TypeUnknownError says that nothing tells the type of a stream's records.
type TypeUnknownError struct {
	Stream string
	Object string
	Have   []string // the structs that it may be, the likeliest first
}

func (e *TypeUnknownError) Error() string {
	cure := "the object has no BTF with structs: compile it with -g"
	if len(e.Have) > 0 {
		cure = fmt.Sprintf("name it with `stream %q { type = %q }`; the object has %s", e.Stream, e.Have[0], list(e.Have))
	}
	return fmt.Sprintf("object %s does not say which type the records of %q have, its definition lacks __type(value, ...): %s",
		e.Object, e.Stream, cure)
}

// OptionError says that an attribute of a `stream` block does not go with the stream.
type OptionError struct {
	Object, Stream string
	Attr           string // "type" or "per_cpu"
	What           string
	Err            error // a [NotFoundError] with candidates, or nil
}

func (e *OptionError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("stream %q: %s: %v", e.Stream, e.Attr, e.Err)
	}
	return fmt.Sprintf("stream %q of object %s: %s: %s", e.Stream, e.Object, e.Attr, e.What)
}

func (e *OptionError) Unwrap() error { return e.Err }

func list(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
