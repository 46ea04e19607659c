"""For secrets that are needed as they were. Without the pepper, a stolen table tells none."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet
from django.conf import settings


def cipher(purpose: bytes) -> Fernet:
    """What is enciphered for one purpose cannot be deciphered for another."""
    key = sha256(purpose + settings.KEY_PEPPER).digest()
    return Fernet(urlsafe_b64encode(key))
