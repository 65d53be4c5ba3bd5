package sdk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
)

type severity string

type ruleConfig struct {
	Name     string        `hcl:"name,label"`
	On       string        `hcl:"on,label"`
	Severity severity      `hcl:"severity,optional" default:"info" oneof:"info,warning"`
	Throttle time.Duration `hcl:"throttle,optional" default:"1m30s"`
}

type everything struct {
	Text     string            `hcl:"text"`
	Flag     bool              `hcl:"flag,optional" default:"true"`
	Count    int               `hcl:"count,optional" default:"5" doc:"How many."`
	Small    int8              `hcl:"small,optional"`
	Port     uint16            `hcl:"port,optional" oneof:"80,443" default:"80"`
	Big      uint64            `hcl:"big,optional"`
	Share    float64           `hcl:"share,optional" default:"0.5"`
	Every    time.Duration     `hcl:"every,optional" default:"10s"`
	Size     Size              `hcl:"size,optional" default:"10MiB"`
	Key      FieldName         `hcl:"key,optional" default:"pid"`
	Secret   string            `hcl:"secret,optional" sensitive:"true"`
	Names    []string          `hcl:"names,optional" default:"a,b"`
	Fields   []FieldName       `hcl:"fields,optional"`
	Pauses   []time.Duration   `hcl:"pauses,optional" default:"1s,2s"`
	Headers  map[string]string `hcl:"headers,optional"`
	Limits   map[string]int32  `hcl:"limits,optional"`
	Rules    []ruleConfig      `hcl:"rule,block" doc:"A rule."`
	Rotate   *rotateConfig     `hcl:"rotate,block"`
	internal int               //nolint:unused // no part of the configuration
}

type rotateConfig struct {
	Size Size `hcl:"size"`
}

func readConfig[T any](t *testing.T, config string) (T, error) {
	t.Helper()
	spec, err := newBlockSpec(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	reader := configReader{}
	v, err := reader.read(spec, []byte(config))
	return v.Interface().(T), err
}

func TestConfigDefaults(t *testing.T) {
	got, err := readConfig[everything](t, `{"text":"x","small":null}`)
	if err != nil {
		t.Fatal(err)
	}
	want := everything{
		Text: "x", Flag: true, Count: 5, Port: 80, Share: 0.5, Every: 10 * time.Second, Size: 10 << 20, Key: "pid",
		Names: []string{"a", "b"}, Pauses: []time.Duration{time.Second, 2 * time.Second},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestConfigValues(t *testing.T) {
	got, err := readConfig[everything](t, `{
		"text": "ä\"", "flag": false, "count": -7, "small": -128, "port": 443, "big": 18446744073709551615, "share": 1, "every": 1500000000,
		"size": 4096, "key": "comm", "secret": "s", "names": [], "fields": ["pid", "comm"], "pauses": [5], "headers": {"a": "b"},
		"limits": {"x": -1}, "rule": [
			{"name": "n", "on": "exec", "severity": "warning", "throttle": 1e3},
			{"name": "m", "on": "tcp"}
		], "rotate": {"size": 1.0}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := everything{
		Text: "ä\"", Count: -7, Small: -128, Port: 443, Big: 1<<64 - 1, Share: 1, Every: 1500 * time.Millisecond, Size: 4096, Key: "comm", Secret: "s",
		Names: []string{}, Fields: []FieldName{"pid", "comm"}, Pauses: []time.Duration{5}, Headers: map[string]string{"a": "b"},
		Limits: map[string]int32{"x": -1}, Rules: []ruleConfig{
			{Name: "n", On: "exec", Severity: "warning", Throttle: 1000},
			{Name: "m", On: "tcp", Severity: "info", Throttle: 90 * time.Second},
		}, Rotate: &rotateConfig{Size: 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestConfigSingleField(t *testing.T) {
	got, err := readConfig[everything](t, `{"text":"","fields":"pid"}`)
	if want := []FieldName{"pid"}; err != nil || !reflect.DeepEqual(got.Fields, want) {
		t.Errorf("got %v and %v, want %v", got.Fields, err, want)
	}
}

func TestConfigMistakes(t *testing.T) {
	for _, test := range []struct{ name, config, want string }{
		{"missing", `{}`, "text: this attribute is required"},
		{"not text", `{"text":5}`, "text: a string is required"},
		{"not a bool", `{"text":"","flag":"true"}`, "flag: true or false is required"},
		{"not a number", `{"text":"","count":"5"}`, "count: a number is required"},
		{"fraction", `{"text":"","count":1.5}`, "count: 1.5 is not a whole number"},
		{"too large", `{"text":"","small":128}`, "small: 128 does not fit a signed integer of 8 bits"},
		{"negative", `{"text":"","big":-1}`, "big: -1 does not fit an unsigned integer of 64 bits"},
		{"huge", `{"text":"","big":1e99}`, "big: 1e99 does not fit"},
		{"endless", `{"text":"","big":1e999999999}`, "big: 1e999999999 is not a whole number"},
		{"long", `{"text":"","big":` + strings.Repeat("1", 100) + `}`, "big: the number has too many digits"},
		{"not allowed", `{"text":"","port":81}`, `port: "81" is not allowed here, only 80, 443`},
		{"element", `{"text":"","names":["a",null]}`, "names: element 1: a string is required"},
		{"map element", `{"text":"","limits":{"a":"b"}}`, `limits: element "a": a number is required`},
		{"not a list", `{"text":"","names":{}}`, "names: a list is required"},
		{"label missing", `{"text":"","rule":[{"name":"a"}]}`, "rule[0]: label on: a string is required"},
		{"nested", `{"text":"","rule":[{"name":"a","on":"b"},{"name":"a","on":"b","severity":"x"}]}`, `rule[1].severity: "x" is not allowed here, only info, warning`},
		{"nested missing", `{"text":"","rotate":{}}`, "rotate.size: this attribute is required"},
		{"unknown", `{"text":"","color":1}`, "color: there is no attribute or block of this name"},
		{"broken", `{"text":`, "the configuration arrived broken: unexpected end of JSON input"},
		{"several", `{"text":1,"count":true}`, "text: a string is required\ncount: a number is required"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readConfig[everything](t, test.config)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestConfigRequiredBlock(t *testing.T) {
	type config struct {
		Rotate rotateConfig `hcl:"rotate,block"`
	}
	if _, err := readConfig[config](t, `{}`); err == nil || err.Error() != `a block "rotate" is required` {
		t.Errorf("got %v", err)
	}
	got, err := readConfig[config](t, `{"rotate":{"size":5}}`)
	if err != nil || got.Rotate.Size != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConfigWire(t *testing.T) {
	spec, err := newBlockSpec(reflect.TypeFor[everything]())
	if err != nil {
		t.Fatal(err)
	}
	block := spec.wire()
	var lines []string
	for _, a := range block.Attributes {
		lines = append(lines, fmt.Sprintf("%s %s %v %t %s %v", a.Name, a.Type, a.Role, a.Required, a.Default, a.OneOf))
	}
	got := strings.Join(lines, "\n")
	want := `text "string" VALUE true  []
flag "bool" VALUE false true []
count "number" VALUE false 5 []
small "number" VALUE false  []
port "number" VALUE false 80 [80 443]
big "number" VALUE false  []
share "number" VALUE false 0.5 []
every "string" DURATION false "10s" []
size "string" SIZE false "10MiB" []
key "string" FIELD false "pid" []
secret "string" VALUE false  []
names ["list","string"] VALUE false ["a","b"] []
fields ["list","string"] FIELD false  []
pauses ["list","string"] DURATION false ["1s","2s"] []
headers ["map","string"] VALUE false  []
limits ["map","number"] VALUE false  []`
	if got != want {
		t.Errorf("attributes\n%s\nwant\n%s", got, want)
	}
	for _, a := range block.Attributes {
		if a.Default != "" && !json.Valid([]byte(a.Default)) {
			t.Errorf("default of %s: %s is not JSON", a.Name, a.Default)
		}
		if a.Sensitive != (a.Name == "secret") {
			t.Errorf("%s: sensitive %t", a.Name, a.Sensitive)
		}
	}
	rule, rotate := block.Blocks[0], block.Blocks[1]
	if rule.Name != "rule" || !rule.Repeated || rule.Required || fmt.Sprint(rule.Labels) != "[name on]" || rule.Doc != "A rule." || len(rule.Block.Attributes) != 2 {
		t.Errorf("rule is %s", protojson.Format(rule))
	}
	if rotate.Name != "rotate" || rotate.Repeated || rotate.Required || len(rotate.Block.Attributes) != 1 {
		t.Errorf("rotate is %s", protojson.Format(rotate))
	}
}
