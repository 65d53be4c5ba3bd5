package probe

import (
	"net"
	"strings"
)

func checkInterface(s *site) error {
	if s.Interface == "" {
		return s.missing("interface", "eth0")
	}
	return nil
}

// findInterface returns the network interface of that name.
func findInterface(name string) (*net.Interface, error) {
	iface, err := net.InterfaceByName(name)
	if err == nil {
		return iface, nil
	}
	all, listErr := net.Interfaces()
	if listErr != nil {
		return nil, &Error{Attr: "interface", What: "cannot look for network interface " + name, Err: listErr}
	}
	names := make([]string, 0, len(all))
	for _, i := range all {
		if i.Name == name { // it has just appeared
			return &i, nil
		}
		names = append(names, i.Name)
	}
	return nil, &Error{Attr: "interface", What: "there is no network interface " + name, Cure: "the interfaces here are " + list(names)}
}

// list joins names for people, cutting off very long lists.
func list(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
