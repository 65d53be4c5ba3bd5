package main

import (
	"errors"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk"
)

const (
	minWindow = time.Millisecond
	maxQueue  = 1_000_000
)

// Validate checks what the attributes' types do not say.
func (c *config) Validate(h *sdk.Host) error {
	var errs []error
	if len(c.Rules) == 0 {
		errs = append(errs, sdk.Errorf(nil, `no rule: add at least one block rule "name" {}`))
	}
	if c.MaxKeys < 1 || c.MaxKeys > 10_000_000 {
		errs = append(errs, sdk.Errorf(sdk.Path{"max_keys"}, "must be from 1 to 10000000"))
	}
	names := make(map[string]bool)
	for i := range c.Rules {
		r, path := &c.Rules[i], sdk.Path{"rule", i}
		if names[r.Name] {
			errs = append(errs, sdk.Errorf(path, "there are two rules %q", r.Name))
		}
		names[r.Name] = true
		errs = append(errs, r.validate(path, h.Streams()))
	}
	for i := range c.Files {
		if err := linefile.Validate(c.Files[i].Path); err != nil {
			errs = append(errs, sdk.Errorf(sdk.Path{"file", i, "path"}, "%w", err))
		}
	}
	for i := range c.Webhooks {
		errs = append(errs, c.Webhooks[i].validate(sdk.Path{"webhook", i}))
	}
	for i := range c.Execs {
		errs = append(errs, c.Execs[i].validate(sdk.Path{"exec", i}))
	}
	return errors.Join(errs...)
}

func (r *ruleConfig) validate(path sdk.Path, streams []*sdk.Stream) error {
	var errs []error
	if r.Throttle < 0 {
		errs = append(errs, sdk.Errorf(at(path, "throttle"), "must not be negative"))
	}
	if t := r.Threshold; t != nil {
		if t.Count < 1 || t.Count > 1_000_000_000 {
			errs = append(errs, sdk.Errorf(at(path, "threshold", "count"), "must be from 1 to 1000000000"))
		}
		if t.Window < minWindow {
			errs = append(errs, sdk.Errorf(at(path, "threshold", "window"), "must be at least %s", minWindow))
		}
	}
	errs = append(errs, eventkey.Validate(at(path, "key"), r.Key))
	if len(r.Key) > 0 && r.Throttle == 0 && r.Threshold == nil {
		errs = append(errs, sdk.Errorf(at(path, "key"), "has no effect without throttle or threshold"))
	}
	if len(streams) > 0 {
		errs = append(errs, r.validateStreams(path, streams))
	}
	return errors.Join(errs...)
}

// validateStreams wants the rule to fit at least one of the streams that it names, and says at the part that does not fit why.
func (r *ruleConfig) validateStreams(path sdk.Path, streams []*sdk.Stream) error {
	var named, known []string
	var reasons misfits
	for _, s := range streams {
		known = append(known, s.String())
		if !r.names(s) {
			continue
		}
		named = append(named, s.String())
		if reasons.add(r, s) {
			return nil
		}
	}
	if len(named) == 0 {
		return sdk.Errorf(at(path, "on"), "no stream %q: this handler has %s", r.On, strings.Join(known, ", "))
	}
	return sdk.Errorf(at(path, reasons.attr), "the rule fits none of its streams: %s", strings.Join(reasons.texts, "; "))
}

// misfits collects why a rule does not fit streams.
type misfits struct {
	attr  string // that is to blame first
	texts []string
}

// add reports whether the rule fits the stream, and notes why not.
func (m *misfits) add(r *ruleConfig, s *sdk.Stream) bool {
	attr, err := r.fits(s)
	if err == nil {
		return true
	}
	if m.attr == "" {
		m.attr = attr
	}
	m.texts = append(m.texts, s.String()+": "+strings.TrimSuffix(err.Error(), "."))
	return false
}

func (w *webhookConfig) validate(path sdk.Path) error {
	var errs []error
	bad := func(attr, format string, args ...any) {
		errs = append(errs, sdk.Errorf(at(path, attr), format, args...))
	}
	if u, err := url.Parse(w.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		bad("url", "is not an address like https://example.org/path") // without the text: it may hold a secret
	}
	if w.Timeout <= 0 {
		bad("timeout", "must be more than zero")
	}
	if w.Retries < 0 || w.Retries > 100 {
		bad("retries", "must be from 0 to 100")
	}
	if w.Queue < 1 || w.Queue > maxQueue {
		bad("queue", "must be from 1 to %d", maxQueue)
	}
	for name, value := range w.Headers {
		if !isToken(name) || strings.ContainsAny(value, "\r\n\x00") {
			errs = append(errs, sdk.Errorf(at(path, "headers", name), "%q is not a header with a value on one line", name))
		}
	}
	return errors.Join(errs...)
}

// isToken reports whether text can be the name of a header: letters, digits and a few signs.
func isToken(text string) bool {
	for _, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", c) {
			return false
		}
	}
	return text != ""
}

func (e *execConfig) validate(path sdk.Path) error {
	var errs []error
	bad := func(attr, format string, args ...any) {
		errs = append(errs, sdk.Errorf(at(path, attr), format, args...))
	}
	if len(e.Command) == 0 {
		bad("command", "is empty: name a program and its arguments")
	} else if _, err := exec.LookPath(e.Command[0]); err != nil {
		bad("command", "%w", err)
	}
	if e.Timeout <= 0 {
		bad("timeout", "must be more than zero")
	}
	if e.Parallel < 1 || e.Parallel > 64 {
		bad("parallel", "must be from 1 to 64")
	}
	if e.Queue < 1 || e.Queue > maxQueue {
		bad("queue", "must be from 1 to %d", maxQueue)
	}
	return errors.Join(errs...)
}

// at returns the path with more steps, in memory of its own.
func at(path sdk.Path, steps ...any) sdk.Path {
	return append(append(sdk.Path(nil), path...), steps...)
}
