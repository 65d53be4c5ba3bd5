package probe

import (
	"errors"
	"strings"

	"github.com/cilium/ebpf"
)

// Error is a failure to load, attach or read, with its cause and its cure, for people.
type Error struct {
	Probe   string
	Program string // empty: not about one program
	Stream  string // empty: not about one stream
	// Attr is the attribute that the failure is about: one of an attach block ("interface"), one of the probe ("object", "first_of"),
	// or one of the stream ("size"). Empty: none.
	Attr string
	// What happened, in one line or, for the verifier, several.
	What string
	// Cure says how to mend it. Empty: there is nothing to say that What does not.
	Cure string
	// Err is the underlying error, if any.
	Err error

	unprivileged bool // the cure is to have more privileges
}

// Error is the whole message in text: where, what, cause, cure.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Probe != "" {
		b.WriteString("probe " + e.Probe)
		switch {
		case e.Program != "":
			b.WriteString(", program " + e.Program)
		case e.Stream != "":
			b.WriteString(", stream " + e.Stream)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if cause := e.Cause(); cause != "" {
		b.WriteString(": " + cause)
	}
	if e.Cure != "" {
		b.WriteString("; " + e.Cure)
	}
	return b.String()
}

// Cause is the text of the underlying error when it adds to What. A verifier's log does not: What has its relevant part.
func (e *Error) Cause() string {
	if _, ok := errors.AsType[*ebpf.VerifierError](e.Err); e.Err == nil || ok || e.Err.Error() == e.What {
		return ""
	}
	return e.Err.Error()
}

// brief is one line of what happened and why.
func (e *Error) brief() string {
	text, _, _ := strings.Cut(e.What, "\n")
	if cause := e.Cause(); cause != "" {
		text += ": " + cause
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// VerifierLog returns all lines of the verifier's log, or nil when the verifier was not at fault.
func (e *Error) VerifierLog() []string {
	if verifier, ok := errors.AsType[*ebpf.VerifierError](e.Err); ok {
		return verifier.Log
	}
	return nil
}

// Errors lists every [Error] that err is made of, in order. What is no Error comes back wrapped as one.
func Errors(err error) []*Error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, Errors(e)...)
		}
		return all
	}
	if one, ok := errors.AsType[*Error](err); ok {
		return []*Error{one}
	}
	return []*Error{{What: err.Error(), Err: err}}
}
