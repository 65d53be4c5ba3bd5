package plan

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/plug"
	"github.com/probehost/probehost/sdk/wire"
)

// painter describes a configuration with everything that there is in one.
var painter = &wire.DescribeResponse{Name: "painter", Config: &wire.Block{
	Attributes: []*wire.Attribute{
		{Name: "color", Type: `"string"`, Required: true, OneOf: []string{"red", "green"}},
		{Name: "size", Type: `"string"`, Role: wire.Attribute_SIZE},
		{Name: "wait", Type: `"string"`, Role: wire.Attribute_DURATION},
		{Name: "waits", Type: `["list","string"]`, Role: wire.Attribute_DURATION},
		{Name: "by", Type: `"string"`, Role: wire.Attribute_FIELD},
		{Name: "fields", Type: `["list","string"]`, Role: wire.Attribute_FIELD},
		{Name: "tags", Type: `["map","string"]`},
		{Name: "when", Type: `"string"`, Role: wire.Attribute_PREDICATE},
		{Name: "text", Type: `"string"`, Role: wire.Attribute_TEMPLATE},
		{Name: "count", Type: `"number"`},
		{Name: "fast", Type: `"bool"`},
	},
	Blocks: []*wire.NestedBlock{
		{Name: "rule", Labels: []string{"name"}, Repeated: true, Block: &wire.Block{
			Attributes: []*wire.Attribute{
				{Name: "when", Type: `"string"`, Role: wire.Attribute_PREDICATE, Required: true},
				{Name: "limit", Type: `"number"`},
			},
			Blocks: []*wire.NestedBlock{{Name: "window", Block: &wire.Block{Attributes: []*wire.Attribute{
				{Name: "length", Type: `"string"`, Role: wire.Attribute_DURATION, Required: true},
			}}}},
		}},
	},
}}

// fake is a folder of plugins, and the only one in it.
type fake struct {
	description *wire.DescribeResponse
	answer      []*wire.Diagnostic
	launchErr   error
	describeErr error
	validateErr error
	closeErr    error

	mu       sync.Mutex
	requests []*wire.OpenRequest
	running  int
	launched int
}

func (f *fake) Find(name, path string) (string, error) {
	if name != "painter" {
		return "", &plug.NotFoundError{Name: name, Dirs: []string{"/plugins"}, Others: []string{"painter"}}
	}
	return "/plugins/painter", nil
}

func (f *fake) Launch(context.Context, string, string) (Plugin, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.launchErr != nil {
		return nil, f.launchErr
	}
	f.launched++
	f.running++
	return f, nil
}

func (f *fake) Describe(context.Context) (*wire.DescribeResponse, error) {
	return f.description, f.describeErr
}

func (f *fake) Validate(_ context.Context, r *wire.OpenRequest) (*wire.ValidateResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r)
	return &wire.ValidateResponse{Diagnostics: f.answer}, f.validateErr
}

func (f *fake) Close(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running--
	return f.closeErr
}

// build plans a file in a folder with the objects of package object's tests.
func build(t *testing.T, src string, f *fake) (*Plan, hcl.Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	objects, err := filepath.Abs("../object/testdata")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(objects, filepath.Join(dir, "objects")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "probes.hcl")
	if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	c, diags := config.Load(path)
	p, more := Build(t.Context(), c, f)
	if f.running != 0 {
		t.Errorf("%d plugins are left running", f.running)
	}
	diags = append(diags, more...)
	config.Sort(diags)
	for _, d := range short(diags) {
		d.Detail = strings.ReplaceAll(d.Detail, dir, "DIR")
	}
	return p, diags
}

// short leaves the folder out of the names of files.
func short(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		if d.Subject != nil {
			d.Subject.Filename = filepath.Base(d.Subject.Filename)
		}
	}
	return diags
}
