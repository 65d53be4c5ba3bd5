package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventtime"
	"github.com/probehost/probehost/sdk"
)

// An event's own time counts when it is near the time of arrival. Another is nonsense or very old, and would upset windows and throttles.
const (
	maxAhead  = time.Second
	maxBehind = 10 * time.Minute
)

type handler struct {
	name    string
	log     *slog.Logger
	rules   []*rule
	watches map[uint32][]watch
	times   map[uint32]*sdk.Field
	sinks   []sink
}

func open(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
	a := &handler{name: h.Name(), log: h.Log(), times: make(map[uint32]*sdk.Field)}
	for i := range cfg.Rules {
		a.rules = append(a.rules, newRule(&cfg.Rules[i], cfg.MaxKeys))
	}
	a.watches = watches(a.rules, h.Streams())
	for _, s := range h.Streams() {
		a.times[s.ID] = eventtime.Field(s)
	}
	var err error
	a.sinks, err = openSinks(h, &cfg)
	return a, err
}

// HandleBatch shows each event to the rules of its stream.
func (a *handler) HandleBatch(_ context.Context, b *sdk.Batch) error {
	watches := a.watches[b.Stream().ID]
	if len(watches) == 0 {
		return nil
	}
	arrived, field := time.Now(), a.times[b.Stream().ID]
	for e := range b.Events() {
		for i := range watches {
			w := &watches[i]
			if !w.rule.When.Match(e) {
				continue
			}
			at := when(e, field, arrived)
			if v := w.rule.judge(e, w.keys, at); v.fire {
				a.send(newAlert(a.name, w.rule, v, e, at))
			}
		}
	}
	return nil
}

func (a *handler) send(alert *alert) {
	for _, s := range a.sinks {
		s.send(alert)
	}
}

// when returns the time of an event.
func when(e sdk.Event, field *sdk.Field, arrived time.Time) time.Time {
	if field == nil || !field.In(e.Record()) {
		return arrived
	}
	at := e.Time(field)
	if at.After(arrived.Add(maxAhead)) || at.Before(arrived.Add(-maxBehind)) {
		return arrived
	}
	return at
}

// Close delivers what still waits, all sinks at the same time, and logs what each rule did.
func (a *handler) Close(ctx context.Context) error {
	errs := make([]error, len(a.sinks))
	var wait sync.WaitGroup
	for i, s := range a.sinks {
		wait.Go(func() { errs[i] = s.close(ctx) })
	}
	wait.Wait()
	for _, r := range a.rules {
		if r.sent+r.suppressed > 0 {
			a.log.Info("summary", "rule", r.Name, "alerts", r.sent, "suppressed", r.suppressed)
		}
	}
	return errors.Join(errs...)
}
