"""A top-up from the threshold to the receipt."""

from accounts.models import Role
from billing import refunds
from billing.models import BillingProfile, Mail, PurchaseState, TaxRate
from billing.providers.sandbox import acts
from billing.providers.sandbox.provider import Sandbox
from billing.reconciliation import reconcile
from billing.relay import relay
from billing.top_up import charging
from ledger.amounts import CREDIT
from tests.billing.top_up.owner import Owner
from tests.factories.accounts import MemberFactory
from tests.factories.billing import money, new_pack


def test_nothing_is_charged_above_the_threshold(owner):
    owner.spend_to(201)
    owner.run()
    assert (owner.states(), owner.charged()) == ([], 0)


def test_at_the_threshold_a_charge_brings_it_back_to_the_target(owner):
    owner.spend_to(200)
    owner.run()
    assert (owner.states(), owner.available(), owner.charged()) == (["succeeded"], 1200, 100_00)
    assert owner.told() == ["top_up.succeeded"]
    assert owner.mails() == []


def test_what_was_charged_is_mailed_once(owner):
    MemberFactory(customer=owner.customer, role=Role.DEVELOPER)
    billing = MemberFactory(customer=owner.customer, role=Role.BILLING).user.email
    owner.spend_to(200)
    owner.run()
    reconcile()
    owner.run()
    mail = Mail.objects.get(customer=owner.customer, kind="top_up_succeeded")
    assert sorted(mail.to) == sorted([owner.member.user.email, billing])
    page = f"http://127.0.0.1:9/portal/purchases/{owner.last_purchase().id}/"
    for part in (mail.text, mail.html):
        for told in ("Test 4242", "$100.00", "1,000 credits", "1,200 credits are available", page):
            assert told in part, told


def test_it_has_a_receipt_as_any_purchase(owner):
    owner.spend_to(200)
    owner.run()
    purchase = owner.last_purchase()
    assert purchase.state == PurchaseState.PAID
    assert purchase.documents.get().content["total"] == "100.00"


def test_one_charge_closes_the_whole_gap(books_tie, pack):
    owner = Owner.new(pack, threshold=500, target=4500)
    owner.spend_to(300)
    owner.run()
    # 4,200 are missing: five packs.
    assert (owner.states(), owner.available(), owner.charged()) == (["succeeded"], 5300, 500_00)
    (top_up,) = owner.top_ups()
    purchase = top_up.purchase
    assert (purchase.quantity, purchase.credits, purchase.net) == (5, 5000 * CREDIT, 500_00)
    line = purchase.documents.get().content["lines"][0]
    assert (line["text"], line["credits"], line["net"]) == ("5 × Thousand", "5000", "500.00")
    assert (top_up.gap, top_up.amount) == (4200 * CREDIT, 500_00)


def test_asked_again_and_again_it_is_one(owner):
    owner.spend_to(200)
    for _ in range(3):
        owner.run()
        reconcile()
    assert (owner.states(), owner.available(), owner.charged()) == (["succeeded"], 1200, 100_00)


def test_tax_is_on_all_of_it_and_within_the_cap(books_tie):
    pack = new_pack(credits=100, price="0.37", name="Hundred")
    owner = Owner.new(pack)
    owner.spend_to(90)
    BillingProfile.objects.create(customer=owner.customer, country="AT")
    TaxRate.objects.create(name="VAT", country="AT", percent=20)
    owner.run()
    purchase = owner.last_purchase()
    # Ten packs: tax is on the sum, not ten times that on one.
    assert (purchase.quantity, purchase.net, purchase.tax) == (10, 3_70, 74)
    assert owner.charged() == 4_44


def test_the_bonus_of_each_pack_is_bought_too_and_closes_the_gap(books_tie):
    pack = new_pack(bonus=200, bonus_validity_days=30)
    owner = Owner.new(pack, threshold=100, target=2400)
    owner.spend_to(100)
    owner.run()
    purchase = owner.last_purchase()
    assert (purchase.quantity, owner.available()) == (2, 2500)
    assert (purchase.bonus_credits, len(purchase.payment.lots)) == (400 * CREDIT, 2)
    assert purchase.bonus_net == 33_33


def test_its_unused_credits_can_be_given_back_to_the_cent(books_tie, pack):
    owner = Owner.new(pack, threshold=500, target=3400)
    owner.spend_to(500)
    owner.run()
    purchase = owner.last_purchase()
    assert purchase.quantity == 3
    refunds.request(purchase, 1000 * CREDIT, by=None, reason="")
    purchase.payment.refresh_from_db()
    assert (purchase.payment.refunded, owner.available()) == (100_00, 2500)
    refunds.request(purchase, by=None, reason="")
    purchase.payment.refresh_from_db()
    assert (purchase.payment.refunded, purchase.payment.left) == (300_00, 0)
    assert owner.available() == 500
    assert money(owner.customer.id)["2100"] == -100_00


def test_a_dispute_of_it_takes_back_what_it_gave(owner):
    owner.spend_to(200)
    owner.run()
    acts.dispute(owner.last_purchase().provider_ref)
    reconcile()
    assert owner.available() == 200


def test_a_top_up_that_is_turned_on_below_its_threshold_is_needed_at_once(owner):
    owner.spend_to(900)
    owner.agree(threshold=950, target=1500)
    owner.run()
    assert (owner.states(), owner.available()) == (["succeeded"], 1900)


def test_a_provider_that_hangs_ends_the_run_and_the_rest_waits(owner, books_tie, pack, monkeypatch):
    owners = [owner, *(Owner.new(pack, name=f"Acme {number}") for number in (2, 3))]
    clock, real = [0], Sandbox.charge_saved

    def slow(provider, asked):
        clock[0] += charging.RUN_SECONDS // 2
        return real(provider, asked)

    monkeypatch.setattr(Sandbox, "charge_saved", slow)
    monkeypatch.setattr(charging, "monotonic", lambda: clock[0])
    for one in owners:
        one.spend_to(200)
    relay()
    assert [charging.charge_due(), charging.charge_due()] == [2, 1]
    assert [one.states() for one in owners] == [["succeeded"]] * 3
