package plug

import (
	"fmt"
	"strings"

	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxDiagnostics is how many a plugin may give about one configuration.
const maxDiagnostics = 1000

// tidy makes all text in an answer fit to be shown, whatever it is: names, documentation, diagnostics.
func tidy(answer proto.Message) error {
	if a, ok := answer.(interface{ GetDiagnostics() []*wire.Diagnostic }); ok && len(a.GetDiagnostics()) > maxDiagnostics {
		return fmt.Errorf("it gives %d diagnostics, more than %d", len(a.GetDiagnostics()), maxDiagnostics)
	}
	tidyText(answer.ProtoReflect())
	return nil
}

func tidyText(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() == protoreflect.StringKind && f.IsList():
			for list, i := v.List(), 0; i < list.Len(); i++ {
				list.Set(i, protoreflect.ValueOfString(shown(list.Get(i).String())))
			}
		case f.Kind() == protoreflect.StringKind:
			m.Set(f, protoreflect.ValueOfString(shown(v.String())))
		case f.Kind() == protoreflect.MessageKind && f.IsList():
			for list, i := v.List(), 0; i < list.Len(); i++ {
				tidyText(list.Get(i).Message())
			}
		case f.Kind() == protoreflect.MessageKind:
			tidyText(v.Message())
		}
		return true
	})
}

// shown returns text of a plugin as it may be shown: cut to maxLine bytes, line breaks kept, see [printable].
func shown(text string) string {
	rest := len(text) - maxLine
	if rest > 0 {
		text = text[:maxLine]
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = printable([]byte(l))
	}
	text = strings.Join(lines, "\n")
	if rest > 0 {
		text += fmt.Sprintf("... (%d bytes more)", rest)
	}
	return text
}
