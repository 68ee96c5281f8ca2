package change

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/world"
)

// RouteTableFor is the id of a new route table beside a subnet's VNet.
func RouteTableFor(w *world.World, subnet world.ID) world.ID {
	m := world.Meta{Path: pathOf(w, subnet.Parent())}
	return world.MakeID(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/routeTables/routes-%s",
		m.Subscription(), m.Group(), subnet.Name()))
}

// AttachRouteTable puts a route table on a subnet, creating it if it does not
// exist.
type AttachRouteTable struct{ Table, Subnet world.ID }

// Apply attaches the table.
func (c AttachRouteTable) Apply(w *world.World) *world.World {
	if _, _, ok := w.Subnet(c.Subnet); !ok {
		return w
	}
	if _, exists := w.RouteTable(c.Table); !exists {
		w = put(w, &world.RouteTable{Meta: world.At(string(c.Table))})
	}
	return editSubnet(w, c.Subnet, func(s *world.Subnet) { s.RouteTable = c.Table })
}

// Title says what is done.
func (c AttachRouteTable) Title(w *world.World) string {
	return fmt.Sprintf("Put the route table %s on the subnet %s", nameOf(w, c.Table), c.Subnet.Name())
}

// Commands create the table where it does not exist, and attach it.
func (c AttachRouteTable) Commands(w *world.World) []string {
	if _, _, ok := w.Subnet(c.Subnet); !ok {
		return nil
	}
	var commands []string
	if _, exists := w.RouteTable(c.Table); !exists {
		m := world.At(string(c.Table))
		commands = az("network route-table create", in(m), "--name", quote(m.Name()))
	}
	return append(commands, subnetUpdate(w, c.Subnet, "--route-table", quote(pathOf(w, c.Table)))...)
}

// Verify shows the subnet's table.
func (c AttachRouteTable) Verify(w *world.World) []string {
	return subnetShow(w, c.Subnet, "routeTable.id")
}

// SetRoute makes a route table send a prefix to a next hop.
type SetRoute struct {
	Table   world.ID
	Prefix  netip.Prefix
	Hop     world.NextHop
	Address netip.Addr // of a VirtualAppliance
}

// Apply puts the route in, in place of one of the same prefix.
func (c SetRoute) Apply(w *world.World) *world.World {
	t, ok := w.RouteTable(c.Table)
	if !ok {
		return w
	}
	route := world.Route{Name: c.name(t), Prefix: c.Prefix, Hop: c.Hop, Address: c.Address}
	if slices.Contains(t.Routes, route) {
		return w
	}
	changed := *t
	changed.Routes = append(withoutPrefix(t.Routes, c.Prefix), route)
	return put(w, &changed)
}

func withoutPrefix(routes []world.Route, p netip.Prefix) []world.Route {
	return slices.DeleteFunc(slices.Clone(routes), func(r world.Route) bool { return r.Tag == "" && r.Prefix == p })
}

// name is that of the route with the same prefix, if there is one.
func (c SetRoute) name(t *world.RouteTable) string {
	for _, r := range t.Routes {
		if r.Tag == "" && r.Prefix == c.Prefix {
			return r.Name
		}
	}
	return fmt.Sprintf("to-%s-%d", c.Prefix.Addr(), c.Prefix.Bits())
}

// Title says what is done.
func (c SetRoute) Title(w *world.World) string {
	to := string(c.Hop)
	if c.Address.IsValid() {
		to += " " + c.Address.String()
	}
	title := fmt.Sprintf("In the route table %s, send %s to %s", nameOf(w, c.Table), c.Prefix, to)
	if c.Hop == world.HopAppliance {
		return title
	}
	return title + uninspected(w, c.Table, c.Prefix)
}

// uninspected says which appliance packets to a prefix are led through so far; ""
// where none is.
func uninspected(w *world.World, table world.ID, p netip.Prefix) string {
	t, ok := w.RouteTable(table)
	if !ok {
		return ""
	}
	longest := world.Route{}
	for _, r := range t.Routes {
		if r.Tag == "" && r.Prefix.Contains(p.Addr()) && r.Prefix.Bits() <= p.Bits() && (!longest.Prefix.IsValid() || r.Prefix.Bits() > longest.Prefix.Bits()) {
			longest = r
		}
	}
	if longest.Hop != world.HopAppliance {
		return ""
	}
	return fmt.Sprintf("; what goes there passes the appliance %s by from then on, and is not inspected", longest.Address)
}

// Commands create the route; where one of its name stands, it is overwritten.
func (c SetRoute) Commands(w *world.World) []string {
	t, ok := w.RouteTable(c.Table)
	if !ok {
		return nil
	}
	parts := []string{
		"network route-table route create", in(t.Meta), "--route-table-name", quote(t.Name()), "--name", quote(c.name(t)),
		"--address-prefix", c.Prefix.String(), "--next-hop-type", string(c.Hop),
	}
	if c.Address.IsValid() {
		parts = append(parts, "--next-hop-ip-address", c.Address.String())
	}
	return az(parts...)
}

// Verify lists the table's routes.
func (c SetRoute) Verify(w *world.World) []string { return routes(w, c.Table) }

func routes(w *world.World, table world.ID) []string {
	t, ok := w.RouteTable(table)
	if !ok {
		return nil
	}
	return az("network route-table route list", in(t.Meta), "--route-table-name", quote(t.Name()), "--output table")
}

// RemoveRoute takes the route of a prefix out of a route table.
type RemoveRoute struct {
	Table  world.ID
	Prefix netip.Prefix
}

// Apply takes the route out.
func (c RemoveRoute) Apply(w *world.World) *world.World {
	t, ok := w.RouteTable(c.Table)
	if !ok {
		return w
	}
	changed := *t
	if changed.Routes = withoutPrefix(t.Routes, c.Prefix); len(changed.Routes) == len(t.Routes) {
		return w
	}
	return put(w, &changed)
}

// Title says what is done.
func (c RemoveRoute) Title(w *world.World) string {
	return fmt.Sprintf("Remove the route of %s from the route table %s", c.Prefix, nameOf(w, c.Table)) + uninspected(w, c.Table, c.Prefix)
}

// Commands delete the route.
func (c RemoveRoute) Commands(w *world.World) []string {
	t, ok := w.RouteTable(c.Table)
	if !ok || len(withoutPrefix(t.Routes, c.Prefix)) == len(t.Routes) {
		return nil
	}
	return az("network route-table route delete", in(t.Meta), "--route-table-name", quote(t.Name()),
		"--name", quote(SetRoute{Prefix: c.Prefix}.name(t)))
}

// Verify lists the routes that are left.
func (c RemoveRoute) Verify(w *world.World) []string { return routes(w, c.Table) }

// PropagateRoutes lets a route table take what gateways announce.
type PropagateRoutes struct{ Table world.ID }

// Apply sets the property.
func (c PropagateRoutes) Apply(w *world.World) *world.World {
	t, ok := w.RouteTable(c.Table)
	if !ok || !t.DisableBGP {
		return w
	}
	changed := *t
	changed.DisableBGP = false
	return put(w, &changed)
}

// Title says what is done.
func (c PropagateRoutes) Title(w *world.World) string {
	return "Let the route table " + nameOf(w, c.Table) + " propagate the routes of gateways"
}

// Commands set the property.
func (c PropagateRoutes) Commands(w *world.World) []string {
	t, ok := w.RouteTable(c.Table)
	if !ok {
		return nil
	}
	return az("network route-table update", in(t.Meta), "--name", quote(t.Name()), "--disable-bgp-route-propagation false")
}

// Verify lists the table's routes.
func (c PropagateRoutes) Verify(w *world.World) []string { return routes(w, c.Table) }
