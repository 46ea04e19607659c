"""What is typed with nonsense in it is told so, and nothing is lost or done."""

import io

import pytest
from django.test import Client
from django.urls import reverse

from accounts import ids
from billing.adjustments import previewing
from billing.adjustments.batches import asking, trying
from billing.models import Adjustment, AdjustmentBatch
from tests.billing.adjustments.conftest import person, propose

pytestmark = pytest.mark.usefixtures("committed")


@pytest.mark.parametrize("act", ["approve", "decline", "withdraw"])
@pytest.mark.parametrize("note", ["a\x00b", "x" * 100_001])
def test_a_note_of_who_decides(book, ann, act, note):
    made = propose(book, "add", ann, 20_000)
    client = Client(raise_request_exception=False)
    client.force_login(ann if act == "withdraw" else person("bob"))
    page = reverse("admin:billing_adjustment_decide", args=[made.id])
    mark = previewing.preview(Adjustment.objects.get(id=made.id)).mark
    answer = client.post(page, {act: "1", "note": note, "seen": mark})
    assert answer.status_code == 200
    assert "note has" in answer.content.decode()
    assert Adjustment.objects.get(id=made.id).state == "waiting"


@pytest.mark.parametrize("act", ["decline", "withdraw"])
def test_a_note_of_who_decides_a_file(book, ann, act):
    line = f"{ids.encode(ids.CUSTOMER, book.customer_id)},add,too-few-issued,Ticket,20000"
    file = io.BytesIO(f"customer,kind,reason,note,credits\n{line}".encode())
    batch = asking.upload(file, name=f"{act}.csv", by=ann)
    asking.ask(batch.id, by=ann, seen=trying.preview(asking.lines_of(batch)).mark)
    client = Client(raise_request_exception=False)
    client.force_login(ann if act == "withdraw" else person("bob"))
    page = reverse("admin:billing_adjustmentbatch_change", args=[batch.pk])
    answer = client.post(page, {act: "1", "note": "a\x00b"}, follow=True)
    assert (answer.status_code, "note has" in answer.content.decode()) == (200, True)
    assert AdjustmentBatch.objects.get(pk=batch.pk).state == "waiting"
