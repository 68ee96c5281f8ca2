"""Azure's official clients for Python, unchanged, against a vault of the lab.

    pldoctor lab run conformance/vault.yaml -- python3 conformance/vault.py

It takes the packages of azure.identity and azure.keyvault, which Debian's
azure-cli brings along. The vault is that of VAULT_URL; the identity is the
machine's, or that of AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.
"""

import hashlib
import os
import uuid

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.identity import EnvironmentCredential, ManagedIdentityCredential
from azure.keyvault.certificates import CertificateClient, CertificatePolicy
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, SignatureAlgorithm
from azure.keyvault.secrets import SecretClient

url = os.environ.get("VAULT_URL", "https://fabrikam.vault.azure.net")
credential = EnvironmentCredential() if os.environ.get("AZURE_CLIENT_SECRET") else ManagedIdentityCredential()
name = "py-" + str(uuid.uuid4())


def fails(error, code, call, *args):
    """Has a call fail with that error and code."""
    try:
        call(*args)
    except error as e:
        assert e.error.code == code, e.error.code
    else:
        raise AssertionError(f"{call.__name__}{args} does not fail")


secrets = SecretClient(url, credential)
first = secrets.set_secret(name, "one")
secrets.set_secret(name, "two")
assert secrets.get_secret(name).value == "two"
assert secrets.get_secret(name, first.properties.version).value == "one"
assert len(list(secrets.list_properties_of_secret_versions(name))) == 2
assert name in [s.name for s in secrets.list_properties_of_secrets()]
secrets.begin_delete_secret(name).result()
fails(ResourceNotFoundError, "SecretNotFound", secrets.get_secret, name)
fails(ResourceExistsError, "Conflict", secrets.set_secret, name, "three")
secrets.begin_recover_deleted_secret(name).wait()
assert secrets.get_secret(name).value == "two"
secrets.begin_delete_secret(name).wait()
secrets.purge_deleted_secret(name)
fails(ResourceNotFoundError, "SecretNotFound", secrets.get_deleted_secret, name)
print("secrets, API version", secrets.api_version)

keys = KeyClient(url, credential)
key = keys.create_rsa_key(name, size=2048)
crypto = CryptographyClient(key, credential)
sealed = crypto.encrypt(EncryptionAlgorithm.rsa_oaep, b"plain").ciphertext
assert crypto.decrypt(EncryptionAlgorithm.rsa_oaep, sealed).plaintext == b"plain"
digest = hashlib.sha256(b"text").digest()
signature = crypto.sign(SignatureAlgorithm.rs256, digest).signature
assert crypto.verify(SignatureAlgorithm.rs256, digest, signature).is_valid
assert name in [k.name for k in keys.list_properties_of_keys()]
print("keys, API version", keys.api_version)

certificates = CertificateClient(url, credential)
made = certificates.begin_create_certificate(name + "-c", CertificatePolicy.get_default()).result()
assert made.name == name + "-c" and made.name in [c.name for c in certificates.list_properties_of_certificates()]
print("certificates, API version", certificates.api_version)
