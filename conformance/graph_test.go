package conformance

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"pldoctor/internal/lab"
)

func TestResourceGraph(t *testing.T) {
	az := operator(t, "single-vnet", lab.Azure{})
	client := must[*armresourcegraph.Client](t)(armresourcegraph.NewClient(az.credential, az.options))
	request := armresourcegraph.QueryRequest{
		Query:         to.Ptr("resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name | order by name asc"),
		Subscriptions: []*string{to.Ptr(subscription)},
		Options:       &armresourcegraph.QueryRequestOptions{Top: to.Ptr[int32](1), ResultFormat: to.Ptr(armresourcegraph.ResultFormatObjectArray)},
	}
	var names []string
	for {
		r := must[armresourcegraph.ClientResourcesResponse](t)(client.Resources(t.Context(), request, nil))
		if *r.TotalRecords != 2 || *r.Count != 1 {
			t.Fatalf("%d of %d", *r.Count, *r.TotalRecords)
		}
		for _, row := range r.Data.([]any) {
			names = append(names, row.(map[string]any)["name"].(string))
		}
		if r.SkipToken == nil {
			break
		}
		request.Options.SkipToken = r.SkipToken
	}
	if len(names) != 2 || names[1] != vault {
		t.Errorf("vaults: %v", names)
	}
	request.Query, request.Options = to.Ptr("resources | where"), nil
	if _, err := client.Resources(t.Context(), request, nil); code(err) != "400 BadRequest" {
		t.Errorf("a query that is none: %v", err)
	}
}

// TestQuota: the client waits as long as it is told and then gets its answer.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, shape(t, "single-vnet").World, lab.Azure{Quota: true})
		az := signIn(t, l.Operator())
		opt := &arm.ClientOptions{ClientOptions: options(transport(t, l.Operator()), 3)}
		client := must[*armresourcegraph.Client](t)(armresourcegraph.NewClient(az.credential, opt))
		began := time.Now()
		for range 16 {
			must[armresourcegraph.ClientResourcesResponse](t)(client.Resources(t.Context(), armresourcegraph.QueryRequest{Query: to.Ptr("resources | count")}, nil))
		}
		if took := time.Since(began); took < 4*time.Second || took > 10*time.Second {
			t.Errorf("16 queries took %v", took)
		}
	})
}

// TestSecret reads a secret through the private endpoint, over the challenge of
// the vault itself.
func TestSecret(t *testing.T) {
	s := shape(t, "single-vnet")
	l := start(t, s.World, lab.Azure{})
	e, err := l.Env(s.Client)
	if err != nil {
		t.Fatal(err)
	}
	az := signIn(t, e)
	secrets := must[*azsecrets.Client](t)(azsecrets.NewClient("https://"+vault+".vault.azure.net", az.credential, &azsecrets.ClientOptions{ClientOptions: az.options.ClientOptions}))
	_, err = secrets.GetSecret(t.Context(), "nothing", "", nil)
	if got := code(err); got != "404 SecretNotFound" {
		t.Errorf("from inside: %s", got)
	}
	outside := signIn(t, l.Operator())
	secrets = must[*azsecrets.Client](t)(azsecrets.NewClient("https://"+vault+".vault.azure.net", outside.credential, &azsecrets.ClientOptions{ClientOptions: outside.options.ClientOptions}))
	_, err = secrets.GetSecret(t.Context(), "nothing", "", nil)
	if got := code(err); got != "403 Forbidden" {
		t.Errorf("from outside: %s", got)
	}
}
