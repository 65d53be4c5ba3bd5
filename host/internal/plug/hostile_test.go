package plug

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// hostile answers with what is not fit to be shown.
type hostile struct{ wire.UnimplementedPluginServer }

func (hostile) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	return &wire.DescribeResponse{
		Name: "a\x1b[2J", Doc: strings.Repeat("long ", 1<<20),
		Config: &wire.Block{Attributes: []*wire.Attribute{{Name: "x", Doc: "two\nlines\x07", OneOf: []string{"\u202e"}}}},
	}, nil
}

func (hostile) Validate(context.Context, *wire.OpenRequest) (*wire.ValidateResponse, error) {
	return nil, status.Error(codes.Internal, "\x1b[31m"+strings.Repeat("x", 1<<20))
}

func (hostile) Open(_ context.Context, r *wire.OpenRequest) (*wire.OpenResponse, error) {
	d := &wire.Diagnostic{Summary: "\x1b]0;title\x07"}
	if r.Handler == "test" {
		return &wire.OpenResponse{Diagnostics: []*wire.Diagnostic{d}}, nil
	}
	return &wire.OpenResponse{Diagnostics: make([]*wire.Diagnostic, 1<<20)}, nil
}

// serveHostile says on standard error which other streams the host opens.
func serveHostile() {
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "plugin1")
	l, err := net.Listen("unix", path)
	if err != nil {
		panic(err)
	}
	g := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(s)
		fmt.Fprintln(os.Stderr, "called", method)
		<-s.Context().Done()
		return nil
	}))
	wire.RegisterPluginServer(g, hostile{})
	fmt.Printf("1|1|unix|%s|grpc|\n", path)
	panic(g.Serve(l))
}

func certificate() string {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		panic(err)
	}
	return base64.RawStdEncoding.EncodeToString(der)
}

// What a plugin answers can be shown on a terminal as it is.
func TestHostileAnswers(t *testing.T) {
	p, log := launch(t, "hostile")
	d, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := d.Config.Attributes[0]
	if d.Name != `a\u001b[2J` || len(d.Doc) > 2*maxLine || a.Doc != "two\nlines\\u0007" || a.OneOf[0] != `\u202e` {
		t.Errorf("described as %q, %d bytes, %v", d.Name, len(d.Doc), a)
	}
	if _, err := p.Validate(t.Context(), request("print")); err == nil || !strings.Contains(err.Error(), `validate: \u001b[31mxxx`) || len(err.Error()) > 2*maxLine {
		t.Errorf("validated as %.200q", err)
	}
	r := request("print")
	if got, err := p.Open(t.Context(), r); err != nil || got.Diagnostics[0].Summary != `\u001b]0;title\u0007` {
		t.Errorf("opened as %v, %v", got, err)
	}
	r.Handler = "many"
	if _, err := p.Open(t.Context(), r); err == nil || !strings.Contains(err.Error(), "1048576 diagnostics") {
		t.Errorf("opened as %v", err)
	}
	// go-plugin keeps something for every message that comes this way.
	if strings.Contains(log.String(), "Broker") {
		t.Errorf("the host opened the broker's stream:\n%s", log)
	}
}

// A plugin that logs without end takes neither the processor of the host nor the attention of its reader.
func TestFlood(t *testing.T) {
	log := &testLog{}
	o := newOutput(logger(log))
	for i := range 10 * maxLogLines {
		o.stderr(fmt.Appendf(nil, `{"@message":"entry %d"}`, i))
		o.stdout([]byte("text"))
	}
	o.stderr([]byte("panic: enough"))
	o.end()
	text := log.String()
	lines := strings.Count(text, "\n")
	if lines < maxLogLines || lines > 4*maxLogLines { // a slow machine takes some seconds
		t.Errorf("%d lines", lines)
	}
	dropped := 0
	for line := range strings.Lines(text) {
		var n int
		if _, err := fmt.Sscanf(line, "[WARN]  the plugin logs too much, lines are left out: lines=%d", &n); err == nil {
			dropped += n
			lines--
		}
	}
	if lines+dropped != 20*maxLogLines+1 {
		t.Errorf("%d lines logged and %d left out of %d", lines, dropped, 20*maxLogLines+1)
	}
	if !strings.Contains(o.words.String(), "panic: enough") {
		t.Errorf("the last words are %q", o.words.String())
	}
}

func TestLineWriterBounds(t *testing.T) {
	var got [][]byte
	w := &lineWriter{line: func(text []byte) { got = append(got, bytes.Clone(text)) }}
	if _, err := w.Write(append(bytes.Repeat([]byte("x"), 10*maxLine), "\nend\n"...)); err != nil {
		t.Fatal(err)
	}
	for i, text := range got {
		if len(text) > maxLine {
			t.Errorf("line %d has %d bytes", i, len(text))
		}
	}
	if len(got) != 11 || string(got[10]) != "end" {
		t.Errorf("%d lines, the last %.10q", len(got), got[len(got)-1])
	}
}
