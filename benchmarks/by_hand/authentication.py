from hashlib import sha256

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from benchmarks.by_hand.models import Service


class ServiceAuthentication(BaseAuthentication):
    def authenticate(self, request):
        scheme, _, key = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        service = Service.objects.filter(key_digest=sha256(key).hexdigest()).first()
        if service is None:
            raise AuthenticationFailed
        return service, None
