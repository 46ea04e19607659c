"""Second factors as they are stored: without the pepper, a stolen table opens no account."""

from allauth.mfa.adapter import DefaultMFAAdapter

from accounts.ciphers import cipher

_PURPOSE = b"second factors"


class Adapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return cipher(_PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher(_PURPOSE).decrypt(encrypted_text.encode()).decode()
