package sdk

import "time"

// Event is one record of a batch, read through the schema of its stream. It is passed by value and is valid as long as its batch.
// Reading a field does not allocate. The fields come from the schema of [Event.Stream]; one of another stream reads nonsense, but never
// outside of the record. A field that the record is too short for is zero or empty.
type Event struct {
	batch *Batch
	rec   []byte
}

// Stream returns the stream that the event is from.
func (e Event) Stream() *Stream { return e.batch.stream }

// Record returns the bytes as the kernel wrote them. They are valid as long as the batch and must not be changed.
func (e Event) Record() []byte { return e.rec }

// Uint64 returns the value of a number or bool. Negative numbers are taken as their two's complement.
func (e Event) Uint64(f *Field) uint64 { return f.Uint(e.rec) }

// Int64 returns the value of a number or bool.
func (e Event) Int64(f *Field) int64 { return f.Int(e.rec) }

// Bool reports whether a number or bool is not zero.
func (e Event) Bool(f *Field) bool { return f.Bool(e.rec) }

// Bytes returns the bytes of a field; those of a text up to its NUL. They are valid as long as the batch and must not be changed.
func (e Event) Bytes(f *Field) []byte { return f.Bytes(e.rec) }

// Time returns the wall time that a field of a time format stands for.
func (e Event) Time(f *Field) time.Time { return f.Time(e.rec, &e.batch.clock) }

// String returns a field as it is shown to people: addresses, protocols, times and so on in their usual form. It allocates; see
// [Event.AppendFieldText]. The text of the whole event is [Event.Text].
func (e Event) String(f *Field) string { return string(e.AppendFieldText(nil, f)) }

// AppendFieldText appends a field as it is shown to people.
func (e Event) AppendFieldText(dst []byte, f *Field) []byte {
	return f.AppendText(dst, e.rec, &e.batch.clock)
}

// AppendFieldPair appends a field as name=value, one word in a line for people.
func (e Event) AppendFieldPair(dst []byte, f *Field) []byte {
	return f.AppendPair(dst, e.rec, &e.batch.clock)
}

// AppendFieldJSON appends a field as a JSON value.
func (e Event) AppendFieldJSON(dst []byte, f *Field) []byte {
	return f.AppendJSON(dst, e.rec, &e.batch.clock)
}

// Text returns the whole event as name=value pairs. It allocates; see [Event.AppendText].
func (e Event) Text() string { return string(e.AppendText(nil)) }

// AppendText appends the whole event as name=value pairs.
func (e Event) AppendText(dst []byte) []byte {
	return e.batch.stream.Schema.AppendText(dst, e.rec, &e.batch.clock)
}

// AppendJSON appends the whole event as one JSON object.
func (e Event) AppendJSON(dst []byte) []byte {
	return e.batch.stream.Schema.AppendJSON(dst, e.rec, &e.batch.clock)
}
