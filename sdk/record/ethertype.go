package record

type etherTypeName struct {
	number uint16
	name   string
}

// etherTypes are the Ethernet types that are seen on networks today, by number.
var etherTypes = [...]etherTypeName{
	{0x0800, "ipv4"},
	{0x0806, "arp"},
	{0x0842, "wake-on-lan"},
	{0x22ea, "srp"},
	{0x22eb, "erspan3"},
	{0x22f0, "avtp"},
	{0x22f3, "trill"},
	{0x4305, "batman"},
	{0x6003, "decnet"},
	{0x6558, "teb"},
	{0x8035, "rarp"},
	{0x809b, "appletalk"},
	{0x80f3, "aarp"},
	{0x8100, "vlan"},
	{0x8137, "ipx"},
	{0x86dd, "ipv6"},
	{0x8808, "flow-control"},
	{0x8809, "slow"},
	{0x8847, "mpls"},
	{0x8848, "mpls-multicast"},
	{0x8863, "pppoe-discovery"},
	{0x8864, "pppoe"},
	{0x887b, "homeplug"},
	{0x888e, "eapol"},
	{0x8892, "profinet"},
	{0x889a, "hyperscsi"},
	{0x88a2, "ata-over-ethernet"},
	{0x88a4, "ethercat"},
	{0x88a8, "qinq"},
	{0x88ab, "powerlink"},
	{0x88b8, "goose"},
	{0x88b9, "gse"},
	{0x88ba, "sampled-values"},
	{0x88be, "erspan"},
	{0x88ca, "tipc"},
	{0x88cc, "lldp"},
	{0x88cd, "sercos"},
	{0x88e1, "homeplug-av"},
	{0x88e3, "mrp"},
	{0x88e5, "macsec"},
	{0x88e7, "pbb"},
	{0x88f5, "mvrp"},
	{0x88f6, "mmrp"},
	{0x88f7, "ptp"},
	{0x88f8, "nc-si"},
	{0x88fb, "prp"},
	{0x8902, "cfm"},
	{0x8906, "fcoe"},
	{0x8914, "fip"},
	{0x8915, "roce"},
	{0x891d, "ttethernet"},
	{0x892f, "hsr"},
	{0x894f, "nsh"},
	{0x9000, "loopback"},
	{0x9100, "qinq-9100"},
	{0xf1c1, "redundancy-tag"},
}

func etherType(v int64) string {
	low, high := 0, len(etherTypes)
	for low < high {
		mid := (low + high) / 2
		if int64(etherTypes[mid].number) < v {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(etherTypes) && int64(etherTypes[low].number) == v {
		return etherTypes[low].name
	}
	return ""
}
