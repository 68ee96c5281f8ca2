"""What Azure's client for Python says on this host of a request for a secret
that the vault does not have: "404 SecretNotFound" where all is well. Its
argument is how many seconds it waits for a connection."""

import sys

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

url = "https://fabrikam.vault.azure.net"
client = SecretClient(url, DefaultAzureCredential(), retry_total=0, connection_timeout=float(sys.argv[1]))
try:
    client.get_secret("no-such-secret")
except AzureError as e:
    error = getattr(e, "error", None)
    inner = getattr(error, "innererror", None) or {}
    words = [type(e).__name__, getattr(e, "status_code", None), getattr(error, "code", None), inner.get("code"), e]
    print(*(str(w) for w in words if w))
