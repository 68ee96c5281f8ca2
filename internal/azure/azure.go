// Package azure reads the configuration around a vault, or of a whole estate,
// from Azure Resource Graph and Azure Resource Manager. It gets the access tokens
// for that, and for vaults, from Microsoft Entra ID by the credentials of the
// machine that it runs on. All goes over the connections of an env.Env.
package azure

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pldoctor/internal/env"
	"pldoctor/internal/service"
)

const (
	tokenTime = 12 * time.Second // for all credentials together; az alone may take some seconds
	tryTime   = 5 * time.Second  // for one request
)

// Tokens returns what gets a token for an audience such as
// "https://vault.azure.net", by the first credential that there is: Azure's
// variables, a workload identity, a managed identity, then whoever is signed in
// to az, azd or Azure PowerShell. Nothing is asked before the function is
// called, and it returns within 12 seconds. Its errors name the kinds of
// credential that were tried and hold no secret.
//
// Every connection that this process opens for it goes through e, verified
// against e's roots. What azidentity does by itself reaches further, so that e
// has to be the machine that this runs on: it reads the process's own
// environment, and it runs az, azd and pwsh, which open connections of their
// own.
//
// Tokens fails where e's roots cannot be read and where
// AZURE_TOKEN_CREDENTIALS, which selects credentials, is wrong.
func Tokens(e env.Env, s service.Service) (func(ctx context.Context, audience string) (string, error), error) {
	client, err := newClient(e)
	if err != nil {
		return nil, err
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud:     configuration(e, s.Cloud),
			Transport: client,
			Telemetry: policy.TelemetryOptions{ApplicationID: "pldoctor"},
			Retry: policy.RetryOptions{
				MaxRetries: 1, TryTimeout: tryTime, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second,
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("choosing a credential: %s", reasonOf(err.Error()))
	}
	return func(ctx context.Context, audience string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, tokenTime)
		defer cancel()
		defer client.CloseIdleConnections()
		token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}})
		if err != nil {
			return "", explain(ctx, err)
		}
		return token.Token, nil
	}, nil
}

// configuration says who issues the tokens: AZURE_AUTHORITY_HOST, else the
// cloud's own authority. Azidentity would let a cloud that is set win over the
// variable.
func configuration(e env.Env, c service.Cloud) cloud.Configuration {
	host := e.Getenv("AZURE_AUTHORITY_HOST")
	if host == "" {
		host = "https://" + c.Authority.Host() + "/"
	}
	return cloud.Configuration{ActiveDirectoryAuthorityHost: host}
}
