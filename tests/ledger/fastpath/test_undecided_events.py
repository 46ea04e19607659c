"""While the database does not answer, an event is neither accepted nor rejected."""

from tests.ledger.fastpath.events import event, report, send, told
from tests.ledger.fastpath.shop import available, locked_wallet, problem


def test_its_list_is_to_be_sent_again(api, customer, monkeypatch):
    sent = [event(customer), event(customer)]

    with monkeypatch.context() as patch:
        patch.setattr("ledger.fastpath.gatherer.PENDING_MAX", 1)
        assert problem(send(api, sent)) == (503, "unavailable")
    with locked_wallet(customer):
        response = send(api, sent)
        assert problem(response) == (503, "unavailable")
        assert response.headers["X-Should-Retry"] == "true"
    assert available(customer) in (98, 100)
    assert set(told(report(api, *sent))) <= {"accepted", "duplicate"}
    assert available(customer) == 98
