package main

import (
	"encoding/json"
	"math"
	"strconv"
)

const timeLayout = "2006-01-02T15:04:05.000000000Z"

// appendJSON appends the report as one line:
//
//	{"time":"...","stream":"packets.protocols","rows":[{"key":{"protocol":"tcp"},"count":{"packets":2,"bytes":120},
//	"rate":{"packets":1.5,"bytes":90},"share":0.4}, ...],"other":{"keys":3,...},"total":{...},"lost":0}
//
// Counts are integers with all their digits; rates are per second. A rate or share that is not known is null.
func appendJSON(dst []byte, r *report) []byte {
	dst = append(dst, `{"time":"`...)
	dst = r.at.UTC().AppendFormat(dst, timeLayout)
	dst = append(dst, `","stream":`...)
	dst = appendString(dst, r.stream)
	dst = append(dst, `,"rows":[`...)
	if len(r.keys) > 0 {
		for i := range r.lines {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"key":`...)
			dst = append(dst, r.lines[i].json...)
			dst = append(dst, ',')
			dst = r.appendNumbers(dst, &r.lines[i])
		}
	}
	dst = append(dst, ']')
	if len(r.keys) > 0 && r.hasOther {
		dst = append(dst, `,"other":{"keys":`...)
		dst = strconv.AppendInt(dst, int64(r.otherKeys), 10)
		dst = append(dst, ',')
		dst = r.appendNumbers(dst, &r.other)
	}
	dst = append(dst, `,"total":{`...)
	dst = r.appendNumbers(dst, &r.total)
	dst = append(dst, `,"lost":`...)
	dst = strconv.AppendUint(dst, r.lost, 10)
	if r.unknown {
		dst = append(dst, `,"lost_unknown":true`...)
	}
	if r.incomplete > 0 {
		dst = append(dst, `,"incomplete":`...)
		dst = strconv.AppendUint(dst, r.incomplete, 10)
	}
	return append(dst, "}\n"...)
}

// appendNumbers appends the numbers of a line and the brace that ends its object.
func (r *report) appendNumbers(dst []byte, l *line) []byte {
	each := func(name string, value func(i int)) {
		dst = append(appendString(dst, name), ":{"...)
		for i := range r.columns {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, r.columns[i].name), ':')
			value(i)
		}
		dst = append(dst, "},"...)
	}
	each("count", func(i int) { dst = r.columns[i].append(dst, l.counts[i]) })
	each("rate", func(i int) { dst = appendFloat(dst, l.rates[i]) })
	dst = append(dst, `"share":`...)
	return append(appendFloat(dst, l.share), '}')
}

func appendFloat(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

func appendString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return append(dst, quoted...)
}
