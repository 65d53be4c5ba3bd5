package record

import (
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestErrno holds the table against the names that x/sys/unix took from the kernel's headers.
func TestErrno(t *testing.T) {
	others := map[int64]string{95: "ENOTSUP", 117: "EFSCORRUPTED"} // numbers of which x/sys/unix has another name
	for n := int64(1); n < 512; n++ {
		got, want := name(Errno, n), unix.ErrnoName(syscall.Errno(n))
		if got != want && others[n] != want {
			t.Errorf("error %d is %q, want %q", n, got, want)
		}
	}
}

func TestSignal(t *testing.T) {
	for n := int64(1); n < 34; n++ {
		if got, want := name(Signal, n), unix.SignalName(syscall.Signal(n)); got != want {
			t.Errorf("signal %d is %q, want %q", n, got, want)
		}
	}
}

func TestConstants(t *testing.T) {
	tests := map[string]struct {
		format Format
		name   string
		number int64
	}{
		"protocol tcp":    {Protocol, "tcp", unix.IPPROTO_TCP},
		"protocol icmpv6": {Protocol, "icmpv6", unix.IPPROTO_ICMPV6},
		"protocol sctp":   {Protocol, "sctp", unix.IPPROTO_SCTP},
		"protocol gre":    {Protocol, "gre", unix.IPPROTO_GRE},
		"protocol esp":    {Protocol, "esp", unix.IPPROTO_ESP},
		"protocol mpls":   {Protocol, "mpls-in-ip", unix.IPPROTO_MPLS},
		"protocol nsh":    {Protocol, "nsh", 145},
		"category":        {Protocol, "malformed", 259},
		"ethertype ipv4":  {EtherType, "ipv4", unix.ETH_P_IP},
		"ethertype arp":   {EtherType, "arp", unix.ETH_P_ARP},
		"ethertype lldp":  {EtherType, "lldp", unix.ETH_P_LLDP},
		"ethertype qinq":  {EtherType, "qinq", unix.ETH_P_8021AD},
		"ethertype eapol": {EtherType, "eapol", unix.ETH_P_PAE},
		"ethertype tipc":  {EtherType, "tipc", unix.ETH_P_TIPC},
		"ethertype hsr":   {EtherType, "hsr", unix.ETH_P_HSR},
		"family xdp":      {Family, "xdp", unix.AF_XDP},
		"family vsock":    {Family, "vsock", unix.AF_VSOCK},
		"family qipcrtr":  {Family, "qipcrtr", unix.AF_QIPCRTR},
		"family mctp":     {Family, "mctp", unix.AF_MCTP},
		"family alg":      {Family, "alg", unix.AF_ALG},
		"state syn-recv":  {TCPState, "NEW_SYN_RECV", unix.BPF_TCP_NEW_SYN_RECV},
		"state closing":   {TCPState, "CLOSING", unix.BPF_TCP_CLOSING},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			if got := name(test.format, test.number); got != test.name {
				t.Errorf("%d is %q, want %q", test.number, got, test.name)
			}
		})
	}
}

func TestEtherTypesAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(etherTypes[:], func(a, b etherTypeName) int { return int(a.number) - int(b.number) }) {
		t.Error("the search needs the table in order")
	}
}

// TestNumber checks that names and numbers are each other's inverse, and the other spellings.
func TestNumber(t *testing.T) {
	for _, format := range []Format{Protocol, EtherType, Errno, Signal, Family, TCPState, User, Group, Interface} {
		names := Names(format)
		if len(names) == 0 {
			t.Errorf("%s has no names", format)
		}
		for n, v := range names {
			if got, ok := Number(format, n); !ok || got != v {
				t.Errorf("%s %q is %d, %t, want %d", format, n, got, ok, v)
			}
			if got := name(format, v); got != n && format != User && format != Group { // ids can have two names
				t.Errorf("%s %d is %q, want %q", format, v, got, n)
			}
		}
		for alias, v := range Aliases(format) {
			if _, ok := names[alias]; ok {
				t.Errorf("%s %q is a name and another spelling", format, alias)
			}
			if name(format, v) == "" {
				t.Errorf("%s %q is %d, which has no name", format, alias, v)
			}
		}
	}
	tests := map[string]struct {
		format Format
		text   string
		want   int64
		ok     bool
	}{
		"other case":        {Protocol, "UDP", 17, true},
		"errno lower case":  {Errno, "econnrefused", 111, true},
		"other spelling":    {Family, "AF_INET6", 10, true},
		"root":              {User, "root", 0, true},
		"unknown":           {Protocol, "tpc", 0, false},
		"empty":             {Protocol, "", 0, false},
		"unknown user":      {User, "no such user", 0, false},
		"users have case":   {User, "ROOT", 0, false},
		"numbers by format": {Port, "https", 0, false},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			if got, ok := Number(test.format, test.text); got != test.want || ok != test.ok {
				t.Errorf("%q is %d, %t, want %d, %t", test.text, got, ok, test.want, test.ok)
			}
		})
	}
}
