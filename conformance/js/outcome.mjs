// What Azure's client for JavaScript says on this host of a request for a
// secret that the vault does not have: "404 SecretNotFound" where all is well.
// Its argument is how many seconds it waits for an answer.

import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";

const url = "https://fabrikam.vault.azure.net";
const client = new SecretClient(url, new DefaultAzureCredential(), { retryOptions: { maxRetries: 0 } });
try {
  await client.getSecret("no-such-secret", { abortSignal: AbortSignal.timeout(process.argv[2] * 1000) });
} catch (error) {
  const body = error.details?.error; // as it came, or as the client's model names it
  const inner = (body?.innererror ?? body?.innerError)?.code;
  console.log([error.name, error.statusCode, error.code, inner, error.message].filter(Boolean).join(" "));
}
