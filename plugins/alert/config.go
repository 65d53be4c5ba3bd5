package main

import (
	"time"

	"github.com/probehost/probehost/sdk"
)

type config struct {
	Rules    []ruleConfig    `hcl:"rule,block" doc:"What to watch for."`
	MaxKeys  int             `hcl:"max_keys,optional" default:"10000" doc:"Keys that each rule remembers for throttle and threshold; the one unseen for longest makes room."`
	Log      *struct{}       `hcl:"log,block" doc:"Alerts go to the host's log."`
	Stdout   *struct{}       `hcl:"stdout,block" doc:"Alerts go to standard output, one line each. The default when no other place is given."`
	Files    []fileConfig    `hcl:"file,block" doc:"Alerts go to a file, one JSON object per line."`
	Webhooks []webhookConfig `hcl:"webhook,block" doc:"Alerts are posted as JSON."`
	Execs    []execConfig    `hcl:"exec,block" doc:"A command is run for each alert, with the alert as JSON on its standard input."`
}

type ruleConfig struct {
	Name      string           `hcl:"name,label"`
	On        string           `hcl:"on,optional" doc:"A probe (\"exec\") or one of its streams (\"exec.starts\"). Default: all streams of the handler."`
	When      sdk.Predicate    `hcl:"when,optional" doc:"The condition, as event.uid == 0. Default: every event."`
	Message   sdk.Template     `hcl:"message" doc:"What the alert says, with parts of the event like ${event.comm}."`
	Severity  string           `hcl:"severity,optional" default:"warning" oneof:"info,warning,critical" doc:"How bad it is."`
	Key       []sdk.FieldName  `hcl:"key,optional" doc:"Field or fields whose values tell cases apart: throttle and threshold count for each by itself."`
	Throttle  time.Duration    `hcl:"throttle,optional" doc:"After an alert, no other for this long. The next one says how many there would have been."`
	Threshold *thresholdConfig `hcl:"threshold,block" doc:"Alert only when there are too many events in a time."`
}

type thresholdConfig struct {
	Count  int           `hcl:"count" doc:"Alert when there are more than this many events in the window. Counting then starts anew."`
	Window time.Duration `hcl:"window" doc:"The time looked back on, by the events' own time where they have one."`
}

type fileConfig struct {
	Path string `hcl:"path" doc:"The file or named pipe to append to."`
}

type webhookConfig struct {
	URL     string            `hcl:"url" sensitive:"true" doc:"Where to POST to, http or https."`
	Headers map[string]string `hcl:"headers,optional" sensitive:"true" doc:"Headers to send along."`
	Timeout time.Duration     `hcl:"timeout,optional" default:"10s" doc:"How long one attempt may take."`
	Retries int               `hcl:"retries,optional" default:"5" doc:"Attempts after the first one, with growing pauses, when the server does not answer or answers 429 or 5xx."`
	Queue   int               `hcl:"queue,optional" default:"1000" doc:"Alerts that may wait; beyond that they are dropped and counted."`
}

type execConfig struct {
	Command  []string      `hcl:"command" doc:"The program and its arguments. No shell is involved."`
	Timeout  time.Duration `hcl:"timeout,optional" default:"10s" doc:"How long the command may run before it and its children are killed."`
	Parallel int           `hcl:"parallel,optional" default:"1" doc:"How many may run at the same time."`
	Queue    int           `hcl:"queue,optional" default:"100" doc:"Alerts that may wait; beyond that they are dropped and counted."`
}
