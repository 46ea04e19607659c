from typing import Final

from django.db import connection

from billing import mails
from billing.models import ExpiryNotice, Mail

_SO_YET: Final = """
select count(*) from billing_expirynotice n join ledger_lot_state l
    on l.customer_id = n.customer_id and l.id = n.lot_id and l.expires_at = n.expires_at
where n.mail_id = %s and l.open and l.expires_at > ledger_now()
    and l.remaining - l.held - l.frozen > 0
"""


@mails.outdates("expiry")
def is_outdated(mail: Mail) -> bool:
    """Where one of its lots has ended, is used up or has another date by now. Nobody was told by
    it: its notices are none, and those that are so yet are given anew, by another mail."""
    notices = ExpiryNotice.objects.filter(mail=mail)
    with connection.cursor() as cursor:
        cursor.execute(_SO_YET, [mail.pk])
        (so_yet,) = cursor.fetchone()
    if so_yet == notices.count():
        return False
    notices.delete()
    return True
