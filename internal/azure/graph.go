package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Resource Graph's one address and its newest stable version
// (learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources).
const (
	graphPath    = "/providers/Microsoft.ResourceGraph/resources"
	graphVersion = "2024-04-01"
	graphPage    = 1000 // rows, the most that Azure gives
)

type graphRequest struct {
	Query   string       `json:"query"`
	Options graphOptions `json:"options"`
}

type graphOptions struct {
	Top    int    `json:"$top"`
	Skip   string `json:"$skipToken,omitempty"`
	Format string `json:"resultFormat"`
	// AllowPartialScopes makes a caller with access to very many subscriptions
	// get what fits, rather than an error.
	AllowPartialScopes bool `json:"allowPartialScopes"`
}

type graphAnswer struct {
	Data      []json.RawMessage `json:"data"`
	Total     int64             `json:"totalRecords"`
	SkipToken string            `json:"$skipToken"`
}

// query reads all rows of a query of every subscription that the caller may
// read. What was read before a fault comes with it.
func (m *manager) query(ctx context.Context, query string) (all []json.RawMessage, err error) {
	ask := graphRequest{Query: query, Options: graphOptions{Top: graphPage, Format: "objectArray", AllowPartialScopes: true}}
	for range maxPages {
		data, err := m.send(ctx, http.MethodPost, m.at(graphPath, graphVersion), ask)
		if err != nil {
			return all, err
		}
		var answer graphAnswer
		if err := json.Unmarshal(data, &answer); err != nil {
			return all, fmt.Errorf("the answer of Resource Graph is malformed: %w", err)
		}
		all = append(all, answer.Data...)
		if answer.SkipToken == "" {
			return all, nil
		}
		if len(answer.Data) == 0 || answer.SkipToken == ask.Options.Skip {
			return all, fmt.Errorf("the answer of Resource Graph does not end")
		}
		ask.Options.Skip = answer.SkipToken
	}
	return all, fmt.Errorf("the answer of Resource Graph has more than %d pages", maxPages)
}
