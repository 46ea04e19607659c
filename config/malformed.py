"""The refusal of what is no HTTP, before anybody has read who asks and for what."""

from typing import Final

from config.problems import PROBLEMS, may_succeed_later, title
from ledger.fastpath.http import Reply
from ledger.fastpath.problems import Kind, Problems
from ledger.fastpath.refusals import MalformedRequest

_CODE: Final = "malformed-request"
_PROBLEMS: Final = Problems(
    {
        _CODE: Kind(
            PROBLEMS[_CODE].status, title(_CODE), PROBLEMS[_CODE].meaning, may_succeed_later(_CODE)
        )
    }
)


def refusal(why: MalformedRequest, request_id: str) -> Reply:
    return _PROBLEMS.reply(why, request_id)
