package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// platforms are those that connect by themselves, in a sentence.
var platforms = map[world.Runs]string{world.OnCloudShell: "in Cloud Shell", world.OnManaged: "in a managed service"}

// PL102: a service of Azure's own connects from a network that is not the
// customer's.
var pl102 = &Rule{
	Code: "PL102", Slug: "managed-client", Severity: Error, Owner: OwnerClient, Stage: fact.StageName, Weight: 6,
	Title: "the platform makes the connection, not the customer's network, so private link cannot serve it",
	Doc: Doc{
		Symptom: "A script in Cloud Shell, a hosted pipeline agent or a managed service gets 403 `ForbiddenByConnection` or `ForbiddenByFirewall`, while machines in the VNet reach the vault.",
		Cause:   "Private link serves machines in, or connected to, the VNet that holds the endpoint. Cloud Shell, and services that reach the vault from networks of Microsoft's (customer-managed keys of storage, Data Factory, Microsoft-hosted agents), are in none.",
		Apart:   "With PL101 the client is a machine of the customer's in the wrong network. With PL820 it is an App Service app, which can be integrated with a VNet. With PL815 it is an Application Gateway, which is in a VNet and only resolves the name in its own way. With PL819 a proxy can't be reached, from a machine of the customer's.",
		Fix:     "Whoever runs the workload uses what the platform offers: Cloud Shell deployed into a VNet, a self-hosted agent or integration runtime, VNet injection or a managed private endpoint. Services on the list of trusted services pass the vault's firewall when `properties.networkAcls.bypass` is `AzureServices`. Do not open the vault to the internet for it.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus   # in the workload's own shell: addr is none of your addresses",
			"az monitor log-analytics query --workspace <workspace-id> --analytics-query \"AzureDiagnostics | where Resource =~ '<vault>' | project TimeGenerated, CallerIPAddress, httpStatusCode_d\"   # which address called, where there is no shell",
		},
		Article: "1, If you use a managed solution, refer to specific documentation",
		Errata:  "The article names Cloud Shell as always outside. It can be deployed into a VNet, which it is inside of then.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/key-vault/general/network-security",
			"https://learn.microsoft.com/azure/cloud-shell/vnet/overview",
		},
	},
	Eval: func(c *Case) Result {
		runs := c.runs()
		switch {
		case runs == "":
			return Unknown("on what the client runs is not known")
		case !onPlatform(runs):
			return Pass("the client runs on " + string(runs) + ", whose connections start in its own network")
		case c.arrives():
			return Pass("requests arrive over private link")
		case c.Journey.Verdict() == fact.ServiceEndpoint, c.isVNet(c.home()):
			return Pass(fmt.Sprintf("%s runs inside %s", c.who(), c.place()))
		case c.World == nil || c.Client == nil:
			return Unknown(fmt.Sprintf("the client runs %s, and without the configuration nobody can tell whether that was deployed into a VNet", platforms[runs]))
		}
		return Fail(fmt.Sprintf("%s runs %s, which connects from a network of Microsoft's: no private endpoint of %s is there, and no zone or route of yours reaches it", c.who(), platforms[runs], c.Vault),
			c.seen("", "runs as %s", runs))
	},
	Breaks: func(s Site) []Break {
		away := change.MoveHost{Host: s.Client.ID, Network: world.Internet, Addr: outside}
		var breaks []Break
		for _, platform := range [...]world.Runs{world.OnCloudShell, world.OnManaged} {
			breaks = append(breaks, Break{change.RunAs{Host: s.Client.ID, Runs: platform}, away})
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil || c.Client == nil {
			return nil
		}
		near := c.nearVNets()
		if door, ok := c.bestFarDoor(); ok {
			if subnet, ok := c.placeFor(door); ok {
				return []change.Change{change.RunInVNet{Host: c.Client.ID, VNet: subnet.Parent(), Subnet: subnet}}
			}
		}
		for id := range near {
			v, ok := c.World.VNet(id)
			if !ok {
				continue
			}
			if subnet, ok := c.Room(v, ForMachines); ok {
				return []change.Change{change.RunInVNet{Host: c.Client.ID, VNet: v.ID, Subnet: subnet}}
			}
		}
		return nil
	},
}
