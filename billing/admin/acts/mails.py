"""An e-mail is sent once more."""

from typing import Final

from accounts.confirming import Act, Deed, Target
from accounts.models import User
from billing.admin import shown as billing_shown
from billing.mails import resending
from billing.models import Mail, MailState


def _look(mail: Mail, by: User) -> Target:
    before = resending.number_of(mail)
    times = "once" if before == 1 else f"{before} times"
    again = f", sent again {times}" if before else ""
    return Target(
        key=str(mail.pk),
        name=mail.subject,
        about=mail,
        now=f"{mail.get_state_display()}{again}",
        will=f"Sent to {', '.join(mail.to)}.",
        refusal=_refusal(mail),
        page=billing_shown.page(mail),
        customer_id=mail.customer_id,
    )


def _refusal(mail: Mail) -> str:
    if mail.state == MailState.DUE:
        return "It waits to be sent anyway."
    return "" if mail.text else "Its words were forgotten: that is done after 90 days."


def _resend(mail: Mail, deed: Deed) -> str:
    resending.resend(mail, deed.token)
    return f"“{mail.subject}” is on its way to {', '.join(mail.to)}."


RESEND: Final = Act(
    code="resend",
    done="mail.resent",
    permission="billing.resend_mail",
    verb="Send again",
    consequence="Each goes to those whom it went to, with the words that it had: what it tells of "
    "may be over by now. It is another mail in this list.",
    look=_look,
    do=_resend,
)
