// Azure's official clients for JavaScript, unchanged, against a vault: what
// `pldoctor lab run conformance/vault.yaml -- npm test --prefix conformance/js`
// runs. The vault is that of VAULT_URL; the identity is the machine's, or that
// of AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.

import assert from "node:assert/strict";
import { createHash, createPublicKey, randomUUID, verify, webcrypto } from "node:crypto";
import { test } from "node:test";

import { EnvironmentCredential, ManagedIdentityCredential } from "@azure/identity";
import { CertificateClient } from "@azure/keyvault-certificates";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { SecretClient } from "@azure/keyvault-secrets";

// The clients ask for Node.js 20, where this is so of itself; Debian 12 has 18.
globalThis.crypto ??= webcrypto;

const url = process.env.VAULT_URL ?? "https://fabrikam.vault.azure.net";
const credential = process.env.AZURE_CLIENT_SECRET ? new EnvironmentCredential() : new ManagedIdentityCredential();
const quick = { intervalInMs: 10, retryOptions: { maxRetries: 0 } };

// name is a name that nobody has used.
const name = () => "js-" + randomUUID();

async function all(list) {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

// fails has a promise fail with that status, code and inner code.
async function fails(promise, status, code, inner) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.statusCode, status);
    assert.equal(error.code, code);
    const body = error.details.error; // as it came, or as the client's model names it
    assert.equal((body.innererror ?? body.innerError)?.code, inner);
    return true;
  });
}

test("secrets", async () => {
  const client = new SecretClient(url, credential, quick), secret = name();
  const first = await client.setSecret(secret, "one", { contentType: "text/plain", tags: { team: "a" } });
  await client.setSecret(secret, "two");
  assert.equal((await client.getSecret(secret)).value, "two");
  assert.equal((await client.getSecret(secret, { version: first.properties.version })).value, "one");
  assert.equal((await all(client.listPropertiesOfSecretVersions(secret))).length, 2);
  assert.ok((await all(client.listPropertiesOfSecrets())).some((s) => s.name === secret));
  await client.updateSecretProperties(secret, first.properties.version, { enabled: false });
  await fails(client.getSecret(secret, { version: first.properties.version }), 403, "Forbidden", "SecretDisabled");
  await fails(client.getSecret(name()), 404, "SecretNotFound");

  await (await client.beginDeleteSecret(secret, quick)).pollUntilDone();
  await fails(client.setSecret(secret, "three"), 409, "Conflict", "ObjectIsDeletedButRecoverable");
  assert.ok((await all(client.listDeletedSecrets())).some((s) => s.name === secret));
  await (await client.beginRecoverDeletedSecret(secret, quick)).pollUntilDone();
  assert.equal((await client.getSecret(secret)).value, "two");
  await (await client.beginDeleteSecret(secret, quick)).pollUntilDone();
  await client.purgeDeletedSecret(secret);
  await fails(client.getDeletedSecret(secret), 404, "SecretNotFound");
});

test("many secrets, page by page", async () => {
  const client = new SecretClient(url, credential, quick), prefix = name();
  for (let i = 0; i < 7; i++) await client.setSecret(`${prefix}-${i}`, "x");
  let pages = 0, seen = 0;
  for await (const page of client.listPropertiesOfSecrets().byPage({ maxPageSize: 3 })) {
    pages++;
    seen += page.filter((s) => s.name.startsWith(prefix)).length;
  }
  assert.equal(seen, 7);
  assert.ok(pages >= 3);
});

test("keys", async () => {
  const client = new KeyClient(url, credential, quick), key = name();
  const made = await client.createRsaKey(key, { keySize: 2048 });
  const crypto = new CryptographyClient(made, credential);
  const remote = new CryptographyClient(made.id, credential);
  const sealed = await crypto.encrypt("RSA-OAEP", Buffer.from("plain"));
  assert.equal(Buffer.from((await remote.decrypt("RSA-OAEP", sealed.result)).result).toString(), "plain");
  const wrapped = await remote.wrapKey("RSA-OAEP-256", Buffer.from("key"));
  assert.equal(Buffer.from((await remote.unwrapKey("RSA-OAEP-256", wrapped.result)).result).toString(), "key");

  const ec = await client.createEcKey(key + "-ec", { curve: "P-256" });
  const digest = createHash("sha256").update("text").digest();
  const signed = await new CryptographyClient(ec.id, credential).sign("ES256", digest);
  const text = (octets) => Buffer.from(octets).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: text(ec.key.x), y: text(ec.key.y) };
  assert.ok(verify("sha256", "text", { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" }, signed.result));
  assert.ok((await all(client.listPropertiesOfKeys())).some((k) => k.name === key));
  assert.equal((await all(client.listPropertiesOfKeyVersions(key))).length, 1);
  await (await client.beginDeleteKey(key, quick)).pollUntilDone();
  await fails(client.getKey(key), 404, "KeyNotFound");
  await (await client.beginRecoverDeletedKey(key, quick)).pollUntilDone();
  assert.equal((await client.getKey(key)).name, key);
});

test("certificates", async () => {
  const client = new CertificateClient(url, credential, quick), certificate = name();
  const poller = await client.beginCreateCertificate(certificate, { issuerName: "Self", subject: "CN=contoso.com" }, quick);
  const made = await poller.pollUntilDone();
  assert.equal(made.name, certificate);
  assert.ok(made.cer.length > 0);
  assert.ok((await all(client.listPropertiesOfCertificates())).some((c) => c.name === certificate));
  assert.equal((await client.getCertificatePolicy(certificate)).subject, "CN=contoso.com");
  const secret = await new SecretClient(url, credential, quick).getSecret(certificate);
  assert.equal(secret.properties.contentType, "application/x-pkcs12");
  await (await client.beginDeleteCertificate(certificate, quick)).pollUntilDone();
  await client.purgeDeletedCertificate(certificate);
  await fails(client.getCertificate(certificate), 404, "CertificateNotFound");
});
