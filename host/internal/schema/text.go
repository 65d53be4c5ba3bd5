package schema

import (
	"slices"
	"strings"

	"github.com/probehost/probehost/sdk/record"
)

// Text is the format that makes text of a byte array: characters up to the first NUL. It exists here only; the field becomes one of
// kind [record.Text].
const Text record.Format = "text"

// Many objects, most of all those that are not written in C, keep text in arrays of unsigned bytes, which say nothing of what is in
// them. Their names do: a field holds text when the last word of its name is one of textWords or ends as one of textEnds, or when the
// first word is comm.
var (
	textWords = []string{"line", "cmd", "cmdline", "command", "arg", "args", "argv", "msg", "message", "str", "string", "text"}
	textEnds  = []string{"comm", "name", "path"} // new_comm, pcomm; name, filename, ifname; path, fullpath
)

// namesText reports whether a field of that name holds text: "parent.comm", "argv[1]", "fileName", "comm_new". Structs around the field,
// indexes and numbers behind the name do not matter.
func namesText(field string) bool {
	name := field[strings.LastIndexByte(field, '.')+1:]
	name, _, _ = strings.Cut(name, "[")
	words := strings.Split(strings.Trim(strings.ToLower(name), "_0123456789"), "_")
	last := words[len(words)-1]
	return words[0] == "comm" || slices.Contains(textWords, last) ||
		slices.ContainsFunc(textEnds, func(end string) bool { return strings.HasSuffix(last, end) })
}

// setText makes text of single bytes.
func setText(f *record.Field) bool {
	single := f.Kind == record.Text || f.Kind == record.Bytes || f.Kind == record.Array && f.Elem == 1
	if single {
		f.Kind, f.Format, f.Elem, f.Signed = record.Text, record.Plain, 0, false
	}
	return single
}
