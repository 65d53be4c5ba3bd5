package probe

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// clsact remembers the interfaces that this process has given a clsact qdisc, by index.
var clsact = struct {
	sync.Mutex
	added map[int]bool
}{added: map[int]bool{}}

// attachClsact adds a filter, and the qdisc that it goes into if there is none yet.
func attachClsact(s *site, prog *ebpf.Program, name string, index int, direction string) (*link, error) {
	failed := func(what string, err error) error {
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
			return &Error{Attr: "interface", What: what + " failed: the kernel lacks the modules sch_ingress or cls_bpf",
				Cure: "load them with modprobe, or use Linux 6.6, which needs neither", Err: err}
		}
		return &Error{Attr: "interface", What: what + " failed", Err: err}
	}
	qdisc := &netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT}}
	clsact.Lock()
	defer clsact.Unlock()
	if err := netlink.QdiscAdd(qdisc); err == nil {
		clsact.added[index] = true
	} else if !errors.Is(err, unix.EEXIST) {
		return nil, failed("adding a clsact qdisc to interface "+name, err)
	}
	undo := &clsactFilter{qdisc: qdisc}
	parent := uint32(netlink.HANDLE_MIN_INGRESS)
	if direction == "egress" {
		parent = netlink.HANDLE_MIN_EGRESS
	}
	filter := &netlink.BpfFilter{
		FilterAttrs:  netlink.FilterAttrs{LinkIndex: index, Parent: parent, Protocol: unix.ETH_P_ALL},
		Fd:           prog.FD(),
		Name:         "probehost:" + s.Program,
		DirectAction: true,
	}
	if err := netlink.FilterAdd(filter); err != nil {
		return nil, errors.Join(failed("adding a filter to interface "+name, err), undo.remove())
	}
	var err error
	if undo.filter, err = findFilter(index, parent, prog); err != nil {
		return nil, errors.Join(failed("finding the filter on interface "+name+" again", err), undo.remove())
	}
	note := fmt.Sprintf("a tc filter, which stays if the host is killed; then remove it with `tc filter del dev %s %s pref %d`",
		name, direction, undo.filter.Attrs().Priority)
	return &link{LinkInfo: LinkInfo{Type: "tc/" + direction, Target: name, Note: note}, hold: []io.Closer{undo}}, nil
}

// findFilter returns the filter that runs prog; the kernel has chosen its priority and handle.
func findFilter(index int, parent uint32, prog *ebpf.Program) (netlink.Filter, error) {
	info, err := prog.Info()
	if err != nil {
		return nil, err
	}
	id, ok := info.ID()
	if !ok {
		return nil, errors.New("the kernel does not number programs")
	}
	nl, err := netlink.LinkByIndex(index)
	if err != nil {
		return nil, err
	}
	filters, err := netlink.FilterList(nl, parent)
	if err != nil {
		return nil, err
	}
	for _, f := range filters {
		if bpf, ok := f.(*netlink.BpfFilter); ok && bpf.Id == int(id) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("no filter runs program %d", id)
}

// clsactFilter removes a filter when closed, and the qdisc if this process has added it and nobody has a filter in it any more.
type clsactFilter struct {
	qdisc  *netlink.Clsact
	filter netlink.Filter // nil: none yet
}

func (c *clsactFilter) Close() error {
	clsact.Lock()
	defer clsact.Unlock()
	return c.remove()
}

func (c *clsactFilter) remove() error {
	gone := func(err error) bool { // with the interface, or by somebody else's hand
		return err == nil || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL)
	}
	var errs []error
	if c.filter != nil {
		if err := netlink.FilterDel(c.filter); !gone(err) {
			errs = append(errs, fmt.Errorf("remove the tc filter: %w", err))
		}
	}
	if clsact.added[c.qdisc.LinkIndex] && !c.inUse() {
		delete(clsact.added, c.qdisc.LinkIndex)
		if err := netlink.QdiscDel(c.qdisc); !gone(err) {
			errs = append(errs, fmt.Errorf("remove the clsact qdisc: %w", err))
		}
	}
	return errors.Join(errs...)
}

// inUse reports whether the qdisc has filters. In doubt it has: better an empty qdisc left than somebody's filter removed.
func (c *clsactFilter) inUse() bool {
	nl, err := netlink.LinkByIndex(c.qdisc.LinkIndex)
	if err != nil {
		return false
	}
	for _, parent := range []uint32{netlink.HANDLE_MIN_INGRESS, netlink.HANDLE_MIN_EGRESS} {
		if filters, err := netlink.FilterList(nl, parent); err != nil || len(filters) > 0 {
			return true
		}
	}
	return false
}
