package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// source is a file that was read.
type source struct {
	name string
	data []byte
}

// maxFiles bounds what a folder may hold.
const maxFiles = 1000

// read returns the file, or the *.hcl files of the folder in lexical order, and the folder that relative paths refer to.
func read(path string) (dir string, sources []source, diags hcl.Diagnostics) {
	info, err := os.Stat(path)
	if err != nil {
		return filepath.Dir(path), nil, hcl.Diagnostics{missing(path, err)}
	}
	dir, paths := filepath.Dir(path), []string{path}
	if info.IsDir() {
		dir = path
		paths, diags = list(path)
	}
	for _, path := range paths {
		data, more := ReadFile(path)
		if diags = append(diags, more...); !more.HasErrors() {
			sources = append(sources, source{name: path, data: data})
		}
	}
	return dir, sources, diags
}

func missing(path string, err error) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Configuration not found", Detail: fmt.Sprintf("There is no file or folder %s. "+
		"Name the file, or the folder with the *.hcl files, on the command line.", path)}
	if !errors.Is(err, fs.ErrNotExist) {
		d.Summary, d.Detail = "Cannot read the configuration", sentence(err)
	}
	return d
}

// list returns the paths of the files of the folder that are read. Those that an editor leaves behind do not count.
func list(dir string) (paths []string, diags hcl.Diagnostics) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Cannot read the configuration", Detail: sentence(err)}}
	}
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(dir, name)
		switch {
		case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#"):
		case strings.HasSuffix(name, ".hcl.json"):
			diags = append(diags, jsonFile(path))
		case strings.HasSuffix(name, "_override.hcl") || name == "override.hcl":
			diags = append(diags, unsupported(startOf(path), "Override files", "put the change into the file that it is for"))
		case !strings.HasSuffix(name, ".hcl"):
		case len(paths) == maxFiles:
			return nil, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too many files",
				Detail: fmt.Sprintf("%s has more than %d *.hcl files.", dir, maxFiles)})
		default:
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				continue
			}
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 && len(diags) == 0 {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Configuration not found",
			Detail: fmt.Sprintf("The folder %s has no *.hcl files.", dir)})
	}
	return paths, diags
}

func jsonFile(path string) *hcl.Diagnostic {
	return unsupported(startOf(path), "Configurations in JSON", "write them in the syntax of HCL, in files named *.hcl")
}

// ReadFile returns the content of a file, or why it cannot be read. Of one that is larger than [MaxSize] it returns one byte more.
func ReadFile(path string) ([]byte, hcl.Diagnostics) {
	if strings.HasSuffix(path, ".json") {
		return nil, hcl.Diagnostics{jsonFile(path)}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, hcl.Diagnostics{missing(path, err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, hcl.Diagnostics{missing(path, err)}
	}
	return data, nil
}

// sentence makes a sentence of an error.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
