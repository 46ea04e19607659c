"""An account at a stand-in for Stripe: what its API answers to our calls, over HTTP by `server.py`.

It knows of Drawdown nothing but the address that it is given. What payers, banks and staff at the
dashboard do are its methods; each writes down the events that tell of it, which `deliver` signs and
hands over. Amounts are minor units.
"""

import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Any

KEY, WEBHOOK_SECRET = "sk_test_stand_in", "whsec_stand_in"
FEE_PER_MILLE, FEE_FIXED, DISPUTE_FEE = 29, 30, 15_00
PAGE = 10

Object = dict[str, Any]
Params = dict[str, Any]
# What a bank says of a saved card that is charged later, by its last digits.
DECLINES = {"9995": "insufficient_funds", "9979": "stolen_card", "3184": "authentication_required"}


class ApiError(Exception):
    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **more}}


@dataclass
class Stripe:
    """One account."""

    base: str = ""
    currency: str = "usd"  # of the account: what fees are in
    tax_percent: int = 0  # what Stripe finds out where it is asked to
    payer: Object = field(default_factory=lambda: {"email": "payer@example.com", "address": None})
    sessions: dict[str, Object] = field(default_factory=dict)
    intents: dict[str, Object] = field(default_factory=dict)
    charges: dict[str, Object] = field(default_factory=dict)
    refunds: dict[str, Object] = field(default_factory=dict)
    disputes: dict[str, Object] = field(default_factory=dict)
    methods: dict[str, Object] = field(default_factory=dict)
    moves: dict[str, Object] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)
    # Of each request: method, path and parameters.
    asked: list[tuple[str, str, Params]] = field(default_factory=list)
    # Requests that fail after they were carried out, as when the answer is lost.
    lost_answers: int = 0
    # Requests that are answered 500, and the seconds that every answer takes.
    faults: int = 0
    delay: float = 0
    _keys: dict[str, tuple[tuple[str, Params], int, Object]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # What people do.

    def pay(self, session_id: str, *, card: str = "4242", save_card: bool = False) -> Object:
        """By card, at once."""
        session = self.sessions[session_id]
        intent = self._intent_of(session, card=card, save_card=save_card)
        self._succeed(intent)
        session |= {"status": "complete", "payment_status": "paid"}
        session["customer_details"] = self.payer
        self._tell("checkout.session.completed", session)
        return intent

    def pay_by_debit(self, session_id: str) -> Object:
        """The bank takes its time; `debit_arrives` or `debit_fails` follows."""
        session = self.sessions[session_id]
        intent = self._intent_of(session, card="", save_card=False)
        intent["status"] = "processing"
        session |= {"status": "complete", "payment_status": "unpaid"}
        self._tell("checkout.session.completed", session)
        return intent

    def debit_arrives(self, session_id: str) -> None:
        session = self.sessions[session_id]
        self._succeed(self.intents[session["payment_intent"]])
        session["payment_status"] = "paid"
        self._tell("checkout.session.async_payment_succeeded", session)

    def debit_fails(self, session_id: str) -> None:
        session = self.sessions[session_id]
        self.intents[session["payment_intent"]]["status"] = "requires_payment_method"
        self._tell("checkout.session.async_payment_failed", session)

    def expire(self, session_id: str) -> None:
        session = self.sessions[session_id]
        session["status"] = "expired"
        self._tell("checkout.session.expired", session)

    def refund(self, payment: str, amount: int, **metadata: str) -> Object:
        """At the dashboard, or by the API."""
        charge = self._charge_of(payment)
        left = charge["amount"] - charge["amount_refunded"]
        if charge["disputed"]:
            raise ApiError(
                400, "invalid_request_error", "The charge is disputed.", code="charge_disputed"
            )
        if amount > left:
            told = f"Refund amount ({amount}) is greater than unrefunded amount ({left})."
            raise ApiError(400, "invalid_request_error", told, param="amount")
        refund = self._new(
            "re",
            self.refunds,
            object="refund",
            amount=amount,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=payment,
            status="succeeded",
            metadata=metadata,
            failure_reason=None,
        )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund

    def fail_refund(self, refund_id: str, reason: str = "expired_or_canceled_card") -> None:
        refund = self.refunds[refund_id]
        refund |= {"status": "failed", "failure_reason": reason}
        self._charge_of(refund["payment_intent"])["amount_refunded"] -= refund["amount"]
        self._tell("refund.failed", refund)

    def dispute(self, payment: str, amount: int | None = None) -> Object:
        charge = self._charge_of(payment)
        charge["disputed"] = True
        amount = amount or charge["amount"] - charge["amount_refunded"]
        dispute = self._new(
            "du",
            self.disputes,
            object="dispute",
            amount=amount,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=payment,
            status="needs_response",
            reason="fraudulent",
            balance_transactions=[self._move(-amount, DISPUTE_FEE, charge["currency"])],
        )
        self._tell("charge.dispute.created", dispute)
        self._tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def inquire(self, payment: str) -> Object:
        """A bank asks, and takes nothing."""
        charge = self._charge_of(payment)
        dispute = self._new(
            "du",
            self.disputes,
            object="dispute",
            amount=charge["amount"],
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=payment,
            status="warning_needs_response",
            reason="general",
            balance_transactions=[],
        )
        self._tell("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        dispute = self.disputes[dispute_id]
        dispute["status"] = "won" if won else "lost"
        if won:
            back = self._move(dispute["amount"], -DISPUTE_FEE, dispute["currency"])
            dispute["balance_transactions"] = [*dispute["balance_transactions"], back]
            self._tell("charge.dispute.funds_reinstated", dispute)
        self._tell("charge.dispute.closed", dispute)

    # Events.

    def event(self, kind: str) -> Object:
        """The last of this kind."""
        return next(event for event in reversed(self.events) if event["type"] == kind)

    def deliver(self, post: Callable[[bytes, str], int]) -> list[int]:
        """All that were not delivered yet, in their order: to `post`, with the signature's header.
        What was not answered 2xx is kept. The answers' status codes."""
        waiting, self.events = self.events, []
        answers = []
        for event in waiting:
            body = json.dumps(event).encode()
            answers.append(post(body, sign(body)))
            if answers[-1] >= 300:
                self.events.append(event)
        return answers

    # The API.

    def answer(self, method: str, path: str, params: Params, key: str | None) -> tuple[int, Object]:
        with self._lock:
            self.asked.append((method, path, params))
            if self.faults:
                self.faults -= 1
                raise ApiError(500, "api_error", "An error on Stripe's side.")
            if key and key in self._keys:
                before, status, body = self._keys[key]
                if before != (path, params):
                    told = "Keys for idempotent requests can only be used with the same parameters."
                    raise ApiError(400, "idempotency_error", told)
                return status, body
            status, body = self._carry_out(method, path, params)
            if key:
                self._keys[key] = ((path, params), status, json.loads(json.dumps(body)))
            if self.lost_answers:
                self.lost_answers -= 1
                raise ConnectionAbortedError
            return status, body

    def forget_keys(self) -> None:
        """As Stripe does after a day."""
        self._keys.clear()

    def _carry_out(self, method: str, path: str, params: Params) -> tuple[int, Object]:
        for verb, pattern, function in self._routes():
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                try:
                    body = self._expanded(function(*found.groups(), params), params)
                    return 200, body | ({"url": path} if body["object"] == "list" else {})
                except ApiError as error:
                    return error.status, error.body
        raise ApiError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path})")

    def _routes(self) -> list[tuple[str, str, Callable[..., Object]]]:
        def one(rows: dict[str, Object]) -> Callable[..., Object]:
            return lambda id, params: _found(rows, id)

        def many(rows: dict[str, Object]) -> Callable[..., Object]:
            return lambda params: _page(rows, params)

        return [
            ("POST", "/v1/checkout/sessions", self._create_session),
            ("POST", "/v1/checkout/sessions/([^/]+)/expire", self._close_session),
            ("GET", "/v1/checkout/sessions", many(self.sessions)),
            ("GET", "/v1/checkout/sessions/([^/]+)", one(self.sessions)),
            ("POST", "/v1/payment_intents", self._create_intent),
            ("GET", "/v1/payment_intents", many(self.intents)),
            ("GET", "/v1/payment_intents/([^/]+)", one(self.intents)),
            ("POST", "/v1/refunds", self._create_refund),
            ("GET", "/v1/refunds", many(self.refunds)),
            ("GET", "/v1/disputes", many(self.disputes)),
            ("GET", "/v1/disputes/([^/]+)", one(self.disputes)),
            ("POST", "/v1/payment_methods/([^/]+)/detach", self._detach),
        ]

    def _close_session(self, id: str, params: Params) -> Object:
        session = _found(self.sessions, id)
        if session["status"] != "open":
            told = 'Only Checkout Sessions with a status in ["open"] can be expired.'
            raise ApiError(400, "invalid_request_error", told)
        self.expire(id)
        return session

    def _create_session(self, params: Params) -> Object:
        left = int(params["expires_at"]) - time.time()
        if not 30 * 60 <= left <= 24 * 3600:
            told = "The expires_at timestamp must be between 30 minutes and 24 hours from now."
            raise ApiError(400, "invalid_request_error", told, param="expires_at")
        if "customer" in params:
            _forbid(params, "customer_creation")
            _forbid(params, "customer_email")
        elif "saved_payment_method_options" in params:
            told = "You may only specify saved_payment_method_options with a customer."
            raise ApiError(400, "invalid_request_error", told)
        prices = [line["price_data"] for line in params["line_items"]]
        net = sum(
            int(price["unit_amount"]) * int(line["quantity"])
            for price, line in zip(prices, params["line_items"], strict=True)
        )
        has_tax = params.get("automatic_tax", {}).get("enabled") == "true"
        tax = net * self.tax_percent // 100 if has_tax else 0
        return self._new(
            "cs_test",
            self.sessions,
            object="checkout.session",
            status="open",
            payment_status="unpaid",
            payment_intent=None,
            amount_total=net + tax,
            currency=prices[0]["currency"],
            total_details={"amount_tax": tax},
            automatic_tax={"enabled": has_tax},
            customer=params.get("customer"),
            client_reference_id=params["client_reference_id"],
            metadata=params["metadata"],
            expires_at=int(params["expires_at"]),
            success_url=params["success_url"],
            url=f"{self.base}/pay/{next(self._numbers)}",
            _usage=params["payment_intent_data"].get("setup_future_usage"),
            _metadata=params["payment_intent_data"]["metadata"],
        )

    def _create_intent(self, params: Params) -> Object:
        method = _found(self.methods, params["payment_method"])
        if method["customer"] != params["customer"]:
            told = "The PaymentMethod does not belong to the Customer."
            raise ApiError(400, "invalid_request_error", told, param="payment_method")
        intent = self._new(
            "pi",
            self.intents,
            object="payment_intent",
            status="requires_payment_method",
            amount=int(params["amount"]),
            amount_received=0,
            currency=params["currency"],
            customer=params["customer"],
            payment_method=method["id"],
            latest_charge=None,
            metadata=params["metadata"],
        )
        reason = DECLINES.get(method["card"]["last4"])
        if reason is not None:
            told = "Your card was declined."
            code = "authentication_required" if reason.startswith("auth") else "card_declined"
            intent["last_payment_error"] = {"message": told, "decline_code": reason}
            self._tell("payment_intent.payment_failed", intent)
            raise ApiError(
                402, "card_error", told, code=code, decline_code=reason, payment_intent=intent
            )
        self._succeed(intent)
        return intent

    def _create_refund(self, params: Params) -> Object:
        return self.refund(params["payment_intent"], int(params["amount"]), **params["metadata"])

    def _detach(self, method_id: str, params: Params) -> Object:
        method = _found(self.methods, method_id)
        if method["customer"] is None:
            told = "The payment method you provided is not attached to a customer."
            raise ApiError(400, "invalid_request_error", told)
        method["customer"] = None
        return method

    # What it keeps.

    def _intent_of(self, session: Object, *, card: str, save_card: bool) -> Object:
        customer = session["customer"] or f"cus_{next(self._numbers)}"
        session["customer"] = customer
        method = self._new(
            "pm",
            self.methods,
            object="payment_method",
            type="card" if card else "sepa_debit",
            card={"brand": "visa", "last4": card, "exp_month": 8, "exp_year": 2034},
            customer=customer if save_card or session["_usage"] else None,
        )
        intent = self._new(
            "pi",
            self.intents,
            object="payment_intent",
            status="requires_confirmation",
            amount=session["amount_total"],
            amount_received=0,
            currency=session["currency"],
            customer=customer,
            payment_method=method["id"],
            latest_charge=None,
            metadata=session["_metadata"],
        )
        session["payment_intent"] = intent["id"]
        return intent

    def _succeed(self, intent: Object) -> None:
        amount = intent["amount"]
        fee = amount * FEE_PER_MILLE // 1000 + FEE_FIXED
        charge = self._new(
            "ch",
            self.charges,
            object="charge",
            amount=amount,
            amount_refunded=0,
            refunded=False,
            disputed=False,
            currency=intent["currency"],
            payment_intent=intent["id"],
            metadata=intent["metadata"],
            balance_transaction=self._move(amount, fee, self.currency)["id"],
        )
        intent |= {"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"]}
        self._tell("payment_intent.succeeded", intent)
        self._tell("charge.succeeded", charge)

    def _charge_of(self, payment: str) -> Object:
        charge = _found(self.intents, payment)["latest_charge"]
        if charge is None:
            told = "This PaymentIntent does not have a successful charge to refund."
            raise ApiError(400, "invalid_request_error", told)
        return self.charges[charge]

    def _move(self, amount: int, fee: int, currency: str) -> Object:
        return self._new(
            "txn",
            self.moves,
            object="balance_transaction",
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
        )

    def _new(self, prefix: str, rows: dict[str, Object], **fields: Any) -> Object:
        id = f"{prefix}_{next(self._numbers)}"
        rows[id] = {"id": id, "created": int(time.time()), **fields}
        return rows[id]

    def _tell(self, kind: str, about: Object) -> None:
        event = {
            "id": f"evt_{next(self._numbers)}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "data": {"object": _shown(about)},
        }
        # As it is now, whatever becomes of it.
        self.events.append(json.loads(json.dumps(event)))

    def _expanded(self, found: Object, params: Params) -> Object:
        found = json.loads(json.dumps(found))
        for path in params.get("expand", []):
            if path.count(".") > 3:
                raise ApiError(400, "invalid_request_error", "Expanded more than four levels.")
            if path.startswith("data."):
                for one in found["data"]:
                    self._expand(one, path.removeprefix("data.").split("."))
            else:
                self._expand(found, path.split("."))
        return _shown(found)

    def _expand(self, found: Object, path: list[str]) -> None:
        name, *rest = path
        if isinstance(found.get(name), str):
            rows = {
                "payment_intent": self.intents,
                "payment_method": self.methods,
                "latest_charge": self.charges,
                "balance_transaction": self.moves,
            }[name]
            found[name] = json.loads(json.dumps(rows[found[name]]))
        if rest and found.get(name):
            self._expand(found[name], rest)


def sign(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    """As Stripe's documentation says."""
    instant = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{instant}.".encode() + body, sha256).hexdigest()
    return f"t={instant},v1={digest},v0=of-old"


def _found(rows: dict[str, Object], id: str) -> Object:
    if id not in rows:
        told = f"No such object: '{id}'"
        raise ApiError(404, "invalid_request_error", told, code="resource_missing")
    return rows[id]


def _page(rows: dict[str, Object], params: Params) -> Object:
    """The newest first, in pages that are shorter than anybody asks for."""
    since = int(params.get("created", {}).get("gte", 0))
    payment = params.get("payment_intent")
    found = [
        row
        for row in reversed(rows.values())
        if row["created"] >= since and payment in (None, row.get("payment_intent"))
    ]
    ids = [row["id"] for row in found]
    first = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    size = min(int(params.get("limit", PAGE)), PAGE)
    return {
        "object": "list",
        "data": found[first : first + size],
        "has_more": len(found) > first + size,
    }


def _forbid(params: Params, name: str) -> None:
    if name in params:
        told = f"You may not specify {name} with the other parameters."
        raise ApiError(400, "invalid_request_error", told, param=name)


def _shown(found: Any) -> Any:
    """Without what is its own."""
    if isinstance(found, dict):
        return {name: _shown(one) for name, one in found.items() if not name.startswith("_")}
    return [_shown(one) for one in found] if isinstance(found, list) else found
