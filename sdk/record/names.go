package record

import (
	"maps"
	"strings"
)

// name returns what a number is called under a format, and "" when the format does not name it.
func name(format Format, v int64) string {
	switch format {
	case Protocol:
		return at(protocols[:], v)
	case EtherType:
		return etherType(v)
	case Errno:
		return at(errnos[:], max(v, -v))
	case Signal:
		return at(signals[:], v)
	case Family:
		return at(families[:], v)
	case TCPState:
		return at(tcpStates[:], v)
	case Interface:
		return interfaces.name(v)
	case User:
		return users.name(v)
	case Group:
		return groups.name(v)
	}
	return ""
}

func at(names []string, v int64) string {
	if v >= 0 && v < int64(len(names)) {
		return names[v]
	}
	return ""
}

// Named reports whether the format shows numbers by name.
func (f Format) Named() bool {
	switch f {
	case Protocol, EtherType, Errno, Signal, Family, TCPState, Interface, User, Group:
		return true
	}
	return false
}

// Number returns the number that a name stands for under a format that shows numbers by name: "udp" is 17 as a
// [Protocol], "ECONNREFUSED" 111 as an [Errno]. Case does not matter except for interfaces, users and groups, which are
// looked up on this machine; common other spellings of the names are understood.
func Number(format Format, text string) (int64, bool) {
	switch format {
	case Interface:
		return interfaces.number(text)
	case User:
		return users.number(text)
	case Group:
		return groups.number(text)
	}
	fold := strings.ToLower(text)
	if v, ok := aliases[format][fold]; ok {
		return v, true
	}
	for n, v := range Names(format) {
		if strings.EqualFold(n, text) {
			return v, true
		}
	}
	return 0, false
}

// Names returns the names that a format knows with their numbers, without other spellings; empty for a format that
// does not show names. The map is the caller's.
func Names(format Format) map[string]int64 {
	switch format {
	case Protocol:
		return index(protocols[:])
	case EtherType:
		names := make(map[string]int64, len(etherTypes))
		for _, t := range etherTypes {
			names[t.name] = int64(t.number)
		}
		return names
	case Errno:
		return index(errnos[:])
	case Signal:
		return index(signals[:])
	case Family:
		return index(families[:])
	case TCPState:
		return index(tcpStates[:])
	case Interface:
		return interfaces.all()
	case User:
		return users.all()
	case Group:
		return groups.all()
	}
	return map[string]int64{}
}

// Aliases returns the other spellings of names that [Number] understands under a format, in lower case.
func Aliases(format Format) map[string]int64 { return maps.Clone(aliases[format]) }

func index(list []string) map[string]int64 {
	names := make(map[string]int64, len(list))
	for i, n := range list {
		if n != "" {
			names[n] = int64(i)
		}
	}
	return names
}

var aliases = map[Format]map[string]int64{
	Protocol: {"icmp6": 58, "ipv6-icmp": 58, "ipencap": 4, "ospfigp": 89, "udp-lite": 136, "ip6": 41},
	Errno:    {"ewouldblock": 11, "edeadlock": 35, "enotsup": 95, "efscorrupted": 117},
	Signal:   {"sigiot": 6, "sigcld": 17, "sigpoll": 29},
	Family: {"af_unspec": 0, "af_unix": 1, "local": 1, "af_local": 1, "af_inet": 2, "ipv4": 2, "af_inet6": 10, "ipv6": 10,
		"af_netlink": 16, "af_packet": 17, "af_vsock": 40, "af_xdp": 44},
	TCPState:  {"syn-sent": 2, "syn-recv": 3, "fin-wait-1": 4, "fin-wait-2": 5, "time-wait": 6, "close-wait": 8, "last-ack": 9},
	EtherType: {"ip": 0x0800, "ip6": 0x86dd, "802.1q": 0x8100, "802.1ad": 0x88a8},
}
