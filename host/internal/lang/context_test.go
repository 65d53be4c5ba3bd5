package lang

import (
	"net"
	"runtime"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sys/unix"
)

func TestContext(t *testing.T) {
	t.Setenv("PROBEHOST_TEST", "value")
	t.Setenv("PROBEHOST_EMPTY", "")
	tests := map[string]struct {
		source, want string // want as HCL writes it
	}{
		"protocol":            {`proto.tcp == 6 && proto.icmpv6 == 58 && proto.ipv6-icmp == 58 && proto.ipv6_icmp == 58 && proto.arp == 256`, "true"},
		"built-in object":     {`builtin.packets`, "builtin:packets"},
		"variable":            {`env("PROBEHOST_TEST")`, "value"},
		"variable of nothing": {`env("PROBEHOST_EMPTY", "default")`, ""},
		"default":             {`env("PROBEHOST_NOT_SET", "default")`, "default"},
		"startswith":          {`startswith("abc", "ab")`, "true"},
		"endswith":            {`endswith("abc", "ab")`, "false"},
		"strcontains":         {`strcontains("abc", "b")`, "true"},
		"lower and upper":     {`"${lower("A")}${upper("b")}"`, "aB"},
		"format":              {`format("%03d", 7)`, "007"},
		"join":                {`join("-", ["a", "b"])`, "a-b"},
	}
	ctx := Context([]string{"packets", "exec"})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, diags := parse(t, test.source).Value(ctx)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			got := ""
			if v.Type() == cty.Bool {
				got = map[bool]string{true: "true", false: "false"}[v.True()]
			} else {
				got = v.AsString()
			}
			if got != test.want {
				t.Errorf("%s is %q, want %q", test.source, got, test.want)
			}
		})
	}
}

func TestContextErrors(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"variable not set":   {`env("«PROBEHOST_NOT_SET»")`, `is not set; set it, or give a default: env("PROBEHOST_NOT_SET", "...")`},
		"too many arguments": {`env("A", "b", "«c»")`, `at most one default`},
		"unknown object":     {`builtin«.packet»`, `does not have an attribute named "packet"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			source, culprit := marked(t, test.source)
			_, diags := parse(t, source).Value(Context([]string{"packets"}))
			checkDiagnostic(t, diags, hcl.DiagError, source, culprit, test.want)
		})
	}
}

func TestDefaultLink(t *testing.T) {
	everything, some := network(t, "0.0.0.0/0"), network(t, "10.0.0.0/8")
	route := func(dst *net.IPNet, link, priority int) netlink.Route {
		return netlink.Route{Dst: dst, LinkIndex: link, Priority: priority, Type: unix.RTN_UNICAST}
	}
	several := route(nil, 0, 5)
	several.MultiPath = []*netlink.NexthopInfo{{LinkIndex: 7}, {LinkIndex: 8}}
	dead := route(nil, 9, 0)
	dead.Type = unix.RTN_UNREACHABLE
	tests := map[string]struct {
		routes []netlink.Route
		want   int
	}{
		"none":              {nil, 0},
		"no default":        {[]netlink.Route{route(some, 2, 0)}, 0},
		"without target":    {[]netlink.Route{route(some, 2, 0), route(nil, 3, 0)}, 3},
		"all addresses":     {[]netlink.Route{route(everything, 4, 0)}, 4},
		"lowest metric":     {[]netlink.Route{route(nil, 3, 100), route(nil, 4, 50), route(nil, 5, 50)}, 4},
		"several next hops": {[]netlink.Route{route(nil, 3, 100), several}, 7},
		"unreachable":       {[]netlink.Route{dead, route(nil, 3, 100)}, 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := defaultLink(test.routes); got != test.want {
				t.Errorf("the interface is %d, want %d", got, test.want)
			}
		})
	}
}

// TestDefaultInterface asks the kernel, in a network namespace of its own.
func TestDefaultInterface(t *testing.T) {
	if unix.Geteuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	runtime.LockOSThread() // for good: the thread ends with the test, and the namespace with it
	space, err := netns.New()
	if err != nil {
		t.Skipf("cannot make a network namespace: %v", err)
	}
	defer space.Close()
	check := func(want string) {
		t.Helper()
		v, diags := parse(t, `default_interface()`).Value(Context(nil))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if got := v.AsString(); got != want {
			t.Errorf("the default interface is %s, want %s", got, want)
		}
	}
	check("lo")
	add := func(name, address string) netlink.Link {
		t.Helper()
		attrs := netlink.NewLinkAttrs()
		attrs.Name = name
		link := &netlink.Veth{LinkAttrs: attrs, PeerName: name + "-peer"}
		a, err := netlink.ParseAddr(address)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []func() error{
			func() error { return netlink.LinkAdd(link) },
			func() error { return netlink.AddrAdd(link, a) },
			func() error { return netlink.LinkSetUp(link) },
		} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		return link
	}
	six := add("six", "fd00::1/64")
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: six.Attrs().Index, Dst: network(t, "::/0")}); err != nil {
		t.Fatal(err)
	}
	check("six")
	four := add("four", "10.9.8.1/24")
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: four.Attrs().Index, Gw: net.IPv4(10, 9, 8, 2)}); err != nil {
		t.Fatal(err)
	}
	check("four")
}

func network(t *testing.T, cidr string) *net.IPNet {
	t.Helper()
	_, n, err := net.ParseCIDR(cidr)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
