package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// TestSecrets goes through the life of a secret with azsecrets.
func TestSecrets(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).secrets
	until := time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC)
	first, err := c.SetSecret(ctx, "Db", azsecrets.SetSecretParameters{
		Value: ptr("päss<&>"), ContentType: ptr("text/plain"), Tags: map[string]*string{"team": ptr("a")},
		SecretAttributes: &azsecrets.SecretAttributes{Expires: &until},
	}, nil)
	check(t, err)
	if *first.Value != "päss<&>" || first.ID.Name() != "Db" || !first.Attributes.Expires.Equal(until) || *first.Tags["team"] != "a" || !*first.Attributes.Enabled {
		t.Errorf("set: %+v", first.Secret)
	}
	second, err := c.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: ptr("two")}, nil)
	check(t, err)
	for version, want := range map[string]string{"": "two", first.ID.Version(): "päss<&>", second.ID.Version(): "two"} {
		got, err := c.GetSecret(ctx, "DB", version, nil)
		check(t, err)
		if *got.Value != want {
			t.Errorf("version %q: %s", version, *got.Value)
		}
	}
	versions := all(t, c.NewListSecretPropertiesVersionsPager("db", nil), func(p azsecrets.ListSecretPropertiesVersionsResponse) []*azsecrets.SecretProperties { return p.Value })
	if len(versions) != 2 || versions[0].ID.Version() == "" {
		t.Errorf("%d versions", len(versions))
	}

	updated, err := c.UpdateSecretProperties(ctx, "db", "", azsecrets.UpdateSecretPropertiesParameters{
		ContentType: ptr("new"), SecretAttributes: &azsecrets.SecretAttributes{Enabled: ptr(false)}, Tags: map[string]*string{"team": ptr("b")},
	}, nil)
	check(t, err)
	if updated.Value != nil || *updated.ContentType != "new" || *updated.Attributes.Enabled || *updated.Tags["team"] != "b" {
		t.Errorf("updated: %+v", updated.Secret)
	}
	_, err = c.GetSecret(ctx, "db", "", nil)
	refuse(t, "disabled", err, "403 Forbidden SecretDisabled")
	_, err = c.GetSecret(ctx, "db", strings.Repeat("0", 32), nil)
	refuse(t, "no such version", err, "404 SecretNotFound")
	_, err = c.GetSecret(ctx, "under_score", "", nil)
	refuse(t, "no such name", err, "400 BadParameter")
	_, err = c.SetSecret(ctx, "big", azsecrets.SetSecretParameters{Value: ptr(strings.Repeat("x", 25<<10+1))}, nil)
	refuse(t, "too long", err, "400 BadParameter")
	_, err = c.SetSecret(ctx, "huge", azsecrets.SetSecretParameters{Value: ptr(strings.Repeat("x", 100<<10))}, nil)
	refuse(t, "far too long", err, "413 RequestEntityTooLarge")
}

// TestSoftDelete deletes, recovers and purges with azsecrets.
func TestSoftDelete(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).secrets
	_, err := c.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: ptr("one")}, nil)
	check(t, err)
	_, err = c.GetDeletedSecret(ctx, "db", nil)
	refuse(t, "not deleted", err, "404 SecretNotFound")

	deleted, err := c.DeleteSecret(ctx, "db", nil)
	check(t, err)
	if deleted.Value != nil || *deleted.RecoveryID != vaultURL+"/deletedsecrets/db" || deleted.ScheduledPurgeDate.Sub(*deleted.DeletedDate) != 90*24*time.Hour {
		t.Errorf("deleted: %+v", deleted.DeletedSecret)
	}
	_, err = c.GetSecret(ctx, "db", "", nil)
	refuse(t, "deleted", err, "404 SecretNotFound")
	_, err = c.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: ptr("two")}, nil)
	refuse(t, "set again", err, "409 Conflict ObjectIsDeletedButRecoverable")
	list := all(t, c.NewListDeletedSecretPropertiesPager(nil), func(p azsecrets.ListDeletedSecretPropertiesResponse) []*azsecrets.DeletedSecretProperties {
		return p.Value
	})
	if len(list) != 1 || list[0].ID.Name() != "db" || list[0].DeletedDate == nil {
		t.Errorf("%d are deleted", len(list))
	}

	_, err = c.RecoverDeletedSecret(ctx, "db", nil)
	check(t, err)
	got, err := c.GetSecret(ctx, "db", "", nil)
	check(t, err)
	if *got.Value != "one" {
		t.Errorf("recovered %s", *got.Value)
	}
	_, err = c.DeleteSecret(ctx, "db", nil)
	check(t, err)
	_, err = c.PurgeDeletedSecret(ctx, "db", nil)
	check(t, err)
	_, err = c.RecoverDeletedSecret(ctx, "db", nil)
	refuse(t, "purged", err, "404 SecretNotFound")
	_, err = c.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: ptr("three")}, nil)
	check(t, err)
}

// TestPages: the client follows the links from page to page.
func TestPages(t *testing.T) {
	ctx, c := t.Context(), inside(t, nil).secrets
	const n = 60
	for i := range n {
		_, err := c.SetSecret(ctx, fmt.Sprintf("s%02d", i), azsecrets.SetSecretParameters{Value: ptr("x")}, nil)
		check(t, err)
	}
	pages := 0
	list := all(t, c.NewListSecretPropertiesPager(nil), func(p azsecrets.ListSecretPropertiesResponse) []*azsecrets.SecretProperties {
		pages++
		return p.Value
	})
	seen := make(map[string]bool)
	for _, s := range list {
		seen[s.ID.Name()] = true
	}
	if len(list) != n || len(seen) != n || pages != 3 {
		t.Errorf("%d secrets, %d of them different, on %d pages", len(list), len(seen), pages)
	}
}

// TestSameIDs: two labs that start at the same time and are asked the same
// name things the same.
func TestSameIDs(t *testing.T) {
	var ids [2]string
	for i := range ids {
		first, err := inside(t, nil).secrets.SetSecret(t.Context(), "db", azsecrets.SetSecretParameters{Value: ptr("x")}, nil)
		check(t, err)
		ids[i] = string(*first.ID)
	}
	if ids[0] != ids[1] || len(ids[0]) != len(vaultURL+"/secrets/db/")+32 {
		t.Errorf("%q", ids)
	}
}
