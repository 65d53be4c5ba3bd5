package main

import (
	"fmt"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/sdk"
)

// names reports whether the rule's `on` means this stream.
func (r *ruleConfig) names(s *sdk.Stream) bool {
	return r.On == "" || r.On == s.Probe || r.On == s.String()
}

// fits returns nil if the rule can be applied to the stream's events, else the attribute that does not fit and why.
func (r *ruleConfig) fits(s *sdk.Stream) (attr string, err error) {
	if err := r.When.For(s); err != nil {
		return "when", err
	}
	if err := r.Message.For(s); err != nil {
		return "message", err
	}
	if _, missing := eventkey.Fields(s, r.Key); len(missing) > 0 {
		return "key", fmt.Errorf("no field %s", missing[0])
	}
	return "", nil
}

// rule decides which events are worth an alert.
type rule struct {
	*ruleConfig
	memory     *memory // nil: neither throttle nor threshold
	key        []byte  // scratch
	sent       uint64
	suppressed uint64
}

func newRule(cfg *ruleConfig, maxKeys int) *rule {
	r := &rule{ruleConfig: cfg}
	if cfg.Throttle > 0 || cfg.Threshold != nil {
		r.memory = newMemory(maxKeys)
	}
	return r
}

// verdict is what a rule says about an event that matches.
type verdict struct {
	fire       bool
	count      uint64 // events in the window, for a rule with a threshold
	suppressed uint64 // alerts that the throttle held back since the last one
}

// judge looks at an event that matches the condition and happened at that time.
func (r *rule) judge(e sdk.Event, keys []*sdk.Field, at time.Time) verdict {
	if r.memory == nil {
		r.sent++
		return verdict{fire: true}
	}
	r.key = eventkey.Append(r.key[:0], e, keys)
	s := r.memory.state(r.key)
	var v verdict
	if t := r.Threshold; t != nil {
		if s.window == nil {
			s.window = new(window)
		}
		if v.count = s.window.add(at, t.Window); v.count <= uint64(t.Count) {
			return v
		}
		s.window.reset()
	}
	if at.Before(s.quiet) {
		s.suppressed++
		r.suppressed++
		return v
	}
	v.fire, v.suppressed = true, s.suppressed
	s.suppressed = 0
	if r.Throttle > 0 {
		s.quiet = at.Add(r.Throttle)
	}
	r.sent++
	return v
}

// watch is a rule on one stream.
type watch struct {
	rule *rule
	keys []*sdk.Field
}

// watches returns for each stream the rules that fit it.
func watches(rules []*rule, streams []*sdk.Stream) map[uint32][]watch {
	all := make(map[uint32][]watch)
	for _, r := range rules {
		for _, s := range streams {
			if !r.names(s) {
				continue
			}
			if _, err := r.fits(s); err == nil {
				keys, _ := eventkey.Fields(s, r.Key)
				all[s.ID] = append(all[s.ID], watch{rule: r, keys: keys})
			}
		}
	}
	return all
}
