package eventkey_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

// keys returns the keys that the named fields make in the records.
func keys(t *testing.T, s *sdktest.Stream, names []sdk.FieldName, records ...any) []string {
	t.Helper()
	var all []string
	typ := sdk.NewType(sdk.Info{Name: "keys"}, func(_ context.Context, h *sdk.Host, _ struct{}) (sdk.Handler, error) {
		fields, missing := eventkey.Fields(h.Streams()[0], names)
		if len(missing) > 0 {
			t.Errorf("no fields %v", missing)
		}
		return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
			for e := range b.Events() {
				all = append(all, string(eventkey.Append(nil, e, fields)))
			}
			return nil
		}), nil
	})
	run := sdktest.Open(t, typ, sdktest.Options{}, s)
	run.Send(s, records...)
	run.Close()
	return all
}

func TestEqualValuesMakeEqualKeys(t *testing.T) {
	schema := sdktest.Schema(sdktest.Uint("flags", 4), sdktest.Uint("pid", 4), sdktest.Text("a", 4), sdktest.Text("b", 4))
	schema.Fields = append(schema.Fields, sdk.Field{Name: "bits", Kind: record.Uint, Size: 4, BitOffset: 4, BitSize: 4})
	s := &sdktest.Stream{Probe: "p", Name: "s", Schema: schema}
	type object = map[string]any
	rec := func(values object) []byte {
		b, err := sdktest.Record(schema, values)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	cases := map[string]struct {
		fields []sdk.FieldName
		one    []byte
		other  []byte
		equal  bool
	}{
		"other fields do not matter":    {[]sdk.FieldName{"pid"}, rec(object{"pid": 1, "a": "x"}), rec(object{"pid": 1, "a": "y"}), true},
		"numbers":                       {[]sdk.FieldName{"pid"}, rec(object{"pid": 1}), rec(object{"pid": 256}), false},
		"text after its NUL":            {[]sdk.FieldName{"a"}, rec(object{"a": []byte("x\x00y")}), rec(object{"a": []byte("x\x00z")}), true},
		"text at another place":         {[]sdk.FieldName{"a", "b"}, rec(object{"a": "ab", "b": "c"}), rec(object{"a": "a", "b": "bc"}), false},
		"an empty text":                 {[]sdk.FieldName{"a", "b"}, rec(object{"a": "a"}), rec(object{"b": "a"}), false},
		"bits of the same bytes":        {[]sdk.FieldName{"bits"}, rec(object{"flags": 0x51}), rec(object{"flags": 0x5e}), true},
		"other bits":                    {[]sdk.FieldName{"bits"}, rec(object{"flags": 0x50}), rec(object{"flags": 0x60}), false},
		"a record too short for it":     {[]sdk.FieldName{"pid"}, rec(object{})[:4], rec(object{}), false},
		"a record too short for a text": {[]sdk.FieldName{"a"}, rec(object{})[:8], rec(object{}), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := keys(t, s, c.fields, c.one, c.other)
			if len(got) != 2 || (got[0] == got[1]) != c.equal {
				t.Errorf("keys %x, want equal: %v", got, c.equal)
			}
		})
	}
}

func TestFields(t *testing.T) {
	s := &sdk.Stream{Schema: sdktest.Schema(sdktest.Uint("pid", 4), sdktest.Uint("uid", 4))}
	fields, missing := eventkey.Fields(s, []sdk.FieldName{"uid", "gid", "pid"})
	if len(fields) != 2 || fields[0].Name != "uid" || fields[1].Name != "pid" || !slices.Equal(missing, []sdk.FieldName{"gid"}) {
		t.Errorf("fields %v, missing %v", fields, missing)
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		names []sdk.FieldName
		want  string
	}{
		"none":  {nil, "<nil>"},
		"some":  {[]sdk.FieldName{"pid", "uid"}, "<nil>"},
		"twice": {[]sdk.FieldName{"pid", "uid", "pid"}, "key[2]: pid is in the list already"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(eventkey.Validate(sdk.Path{"key"}, c.names)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
