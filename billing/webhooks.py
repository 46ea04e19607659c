"""Where providers report."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import events


class WebhookView(APIView):
    """The signature is the key. What was understood is answered 200, whatever came of it: sent
    again it would be no different. What came of it stands with the event."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["post"]

    def post(self, request: Request, provider: str) -> Response:
        state = events.receive(provider, request._request.body, request.headers)
        return Response({"state": state.value})
