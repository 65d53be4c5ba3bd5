package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/probehost/probehost/host/internal/plug"
	"github.com/probehost/probehost/sdk/wire"
)

const pluginsLong = `Starts the plugins that can be found, asks them, and prints their versions and what
the config block of their handlers takes.

They are looked for in the folders of ` + plug.PathVariable + `, and in plugins/ beside the
program (installed: in ../libexec/probehost/plugins).`

func newPlugins() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "plugins",
		Short:             "Print the plugins found and their config",
		Long:              pluginsLong,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd)
			defer stop()
			dirs := plug.Directories()
			all, err := describeAll(ctx, plug.List(dirs))
			switch {
			case asJSON:
				err = errors.Join(err, writeJSON(cmd.OutOrStdout(), struct {
					Plugins []pluginInfo `json:"plugins"`
				}{all}))
			case len(all) == 0 && err == nil:
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "No plugins found in %s.\n", strings.Join(dirs, ", "))
			default:
				err = errors.Join(err, writePlugins(cmd.OutOrStdout(), all))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plugins as JSON")
	return cmd
}

// describeAll asks all plugins at the same time. The error tells of those that do not answer.
func describeAll(ctx context.Context, found []plug.Found) ([]pluginInfo, error) {
	infos := make([]*pluginInfo, len(found))
	errs := make([]error, len(found))
	var wg sync.WaitGroup
	for i, f := range found {
		wg.Go(func() { infos[i], errs[i] = describe(ctx, f) })
	}
	wg.Wait()
	all := []pluginInfo{}
	for _, info := range infos {
		if info != nil {
			all = append(all, *info)
		}
	}
	return all, errors.Join(errs...)
}

func describe(ctx context.Context, f plug.Found) (info *pluginInfo, err error) {
	p, err := plug.Launch(ctx, plug.Options{Name: f.Name, Path: f.Path})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close(context.WithoutCancel(ctx))) }()
	d, err := p.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return &pluginInfo{Name: f.Name, Version: d.Version, Path: f.Path, Doc: d.Doc, blockInfo: newBlockInfo(d.Config)}, nil
}

// pluginInfo is a plugin as --json prints it.
type pluginInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Path    string `json:"path"`
	Doc     string `json:"doc"`
	blockInfo
}

// blockInfo is what a block takes.
type blockInfo struct {
	Attributes []attributeInfo `json:"attributes"`
	Blocks     []nestedInfo    `json:"blocks"`
}

type attributeInfo struct {
	Name      string          `json:"name"`
	Type      string          `json:"type"` // string, number, bool, duration, size, field, condition, template; or list(...), map(...)
	Required  bool            `json:"required"`
	Default   json.RawMessage `json:"default,omitempty"` // as it is written in the file
	OneOf     []string        `json:"one_of,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
	Doc       string          `json:"doc,omitempty"`
}

type nestedInfo struct {
	Name     string   `json:"name"`
	Labels   []string `json:"labels,omitempty"`
	Repeated bool     `json:"repeated"`
	Required bool     `json:"required"`
	Doc      string   `json:"doc,omitempty"`
	blockInfo
}

func newBlockInfo(b *wire.Block) blockInfo {
	info := blockInfo{Attributes: []attributeInfo{}, Blocks: []nestedInfo{}}
	for _, a := range b.GetAttributes() {
		i := attributeInfo{
			Name: a.Name, Type: typeName(a), Required: a.Required, OneOf: a.OneOf, Sensitive: a.Sensitive, Doc: a.Doc,
		}
		if json.Valid([]byte(a.Default)) {
			i.Default = json.RawMessage(a.Default)
		}
		info.Attributes = append(info.Attributes, i)
	}
	for _, n := range b.GetBlocks() {
		info.Blocks = append(info.Blocks, nestedInfo{
			Name: n.Name, Labels: n.Labels, Repeated: n.Repeated, Required: n.Required, Doc: n.Doc, blockInfo: newBlockInfo(n.Block),
		})
	}
	return info
}

// typeName is what the type of an attribute is called in the file.
func typeName(a *wire.Attribute) string {
	scalar := map[wire.Attribute_Role]string{
		wire.Attribute_PREDICATE: "condition", wire.Attribute_TEMPLATE: "template", wire.Attribute_DURATION: "duration",
		wire.Attribute_SIZE: "size", wire.Attribute_FIELD: "field",
	}[a.Role]
	var compound []string
	if err := json.Unmarshal([]byte(a.Type), &compound); err == nil && len(compound) == 2 {
		if scalar == "" {
			scalar = compound[1]
		}
		name := fmt.Sprintf("%s(%s)", compound[0], scalar)
		if a.Role == wire.Attribute_FIELD && compound[0] == "list" {
			return scalar + " or " + name
		}
		return name
	}
	if scalar == "" {
		scalar = strings.Trim(a.Type, `"`)
	}
	return scalar
}

func writePlugins(w io.Writer, all []pluginInfo) error {
	for i, p := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := writePlugin(w, p); err != nil {
			return err
		}
	}
	return nil
}
