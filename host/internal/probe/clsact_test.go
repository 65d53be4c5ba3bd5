package probe

import (
	"encoding/binary"
	"testing"

	"github.com/vishvananda/netlink"
)

// TestClsact attaches as on kernels without TCX. Two programs share the qdisc; the last one takes it away.
func TestClsact(t *testing.T) {
	needRoot(t)
	ownNetwork(t)
	o := open(t, "hooks")
	p := load(t, Spec{Name: "p", Object: o, Streams: streamsOf(t, o), Attach: []Attach{
		{Program: "on_tcx_ingress", Interface: "lo"}, {Program: "on_tcx_egress", Interface: "lo"},
	}})
	iface, err := findInterface("lo")
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]*link{}
	for _, s := range p.choice.fixed {
		direction, err := s.direction()
		if err != nil {
			t.Fatal(err)
		}
		if links[direction], err = attachClsact(s, p.loader.programs[s.key()], iface.Name, iface.Index, direction); err != nil {
			t.Fatal(err)
		}
	}
	r := read(t, p.Streams()[0])
	sendPacket(t)
	for _, hook := range []uint32{3, 4} {
		r.await(t, "record", func(rec []byte) bool { return binary.LittleEndian.Uint32(rec[8:]) == hook })
	}
	if err := links["ingress"].Close(); err != nil {
		t.Error(err)
	}
	if n := clsactQdiscs(t); n != 1 {
		t.Errorf("%d qdiscs while a filter is left", n)
	}
	if err := links["egress"].Close(); err != nil {
		t.Error(err)
	}
	if n := clsactQdiscs(t); n != 0 {
		t.Errorf("%d qdiscs are left", n)
	}
}

// TestClsactOfOthers leaves a qdisc alone that was there before.
func TestClsactOfOthers(t *testing.T) {
	needRoot(t)
	ownNetwork(t)
	p := load(t, Spec{Name: "p", Object: open(t, "hooks"), Attach: []Attach{{Program: "on_tcx_ingress", Interface: "lo"}}})
	iface, err := findInterface("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.QdiscAdd(&netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: iface.Index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT}}); err != nil {
		t.Skip("needs clsact: ", err)
	}
	s := p.choice.fixed[0]
	l, err := attachClsact(s, p.loader.programs[s.key()], "lo", iface.Index, "ingress")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := clsactQdiscs(t); n != 1 {
		t.Errorf("%d qdiscs, want the one of others", n)
	}
}

func clsactQdiscs(t testing.TB) int {
	t.Helper()
	all, err := netlink.QdiscList(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, q := range all {
		if q.Type() == "clsact" {
			n++
		}
	}
	return n
}
