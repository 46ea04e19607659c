"""Every address below /portal/ and /accounts/, asked by everybody: this table says what they get.

200 and its like are what HTTP says. `in`: asked to sign in. `again`: asked for the password once
more. With `*`, something of the company is another than before. An address without a row fails.

A stranger owns another company; a forger is one whose forms name this company. All ask for what
is this company's: its keys, members, invitations and purchases.
"""

import re
from typing import Final

from django.http import HttpResponse

from accounts.permissions import RIGHTS, WHOSE
from tests.access.world import OUTSIDE, PEOPLE, URLS, World
from tests.downloads import downloaded

PORTAL: Final = """
                                          owner  bill   devel  viewer strang forger staff  nobody
overview                             GET  200    200    200    200    200    200    404    in
overview                             POST 405    405    405    405    405    405    405    405
figures                              GET  200    200    200    200    200    200    404    in
figures                              POST 405    405    405    405    405    405    405    405
needs                                GET  200    200    200    200    200    200    404    in
needs                                POST 405    405    405    405    405    405    405    405
recent-usage                         GET  200    200    200    200    200    200    404    in
recent-usage                         POST 405    405    405    405    405    405    405    405
usage                                GET  200    200    200    200    200    200    404    in
usage                                POST 405    405    405    405    405    405    405    405
usage-now                            GET  200    200    200    200    200    200    404    in
usage-now                            POST 405    405    405    405    405    405    405    405
usage-csv                            GET  200    200    200    200    200    200    404    in
usage-csv                            POST 405    405    405    405    405    405    405    405
alerts                               GET  200    200    403    403    200    200    404    in
alerts                               POST 302*   302*   403    403    302    404    404    in
alert-mails                          GET  200    200    403    403    200    200    404    in
alert-mails                          POST 405    405    405    405    405    405    405    405
told-events                          GET  200    200    403    403    200    200    404    in
told-events                          POST 405    405    405    405    405    405    405    405
test-alert                           GET  405    405    405    405    405    405    405    405
test-alert                           POST 302*   302*   403    403    302    404    404    in
add-threshold                        GET  405    405    405    405    405    405    405    405
add-threshold                        POST 302*   302*   403    403    302    404    404    in
change-threshold                     GET  405    405    405    405    405    405    405    405
change-threshold                     POST 302*   302*   403    403    200    404    404    in
remove-threshold                     GET  405    405    405    405    405    405    405    405
remove-threshold                     POST 302*   302*   403    403    302    404    404    in
calls                                GET  200    200    200    200    200    200    404    in
calls                                POST 405    405    405    405    405    405    405    405
calls-csv                            GET  200    200    200    200    200    200    404    in
calls-csv                            POST 405    405    405    405    405    405    405    405
more-calls                           GET  200    200    200    200    200    200    404    in
more-calls                           POST 405    405    405    405    405    405    405    405
new-calls                            GET  200    200    200    200    200    200    404    in
new-calls                            POST 405    405    405    405    405    405    405    405
call                                 GET  200    200    200    200    404    404    404    in
call                                 POST 405    405    405    405    405    405    405    405
statement                            GET  200    200    200    200    200    200    404    in
statement                            POST 405    405    405    405    405    405    405    405
statement-csv                        GET  200    200    200    200    200    200    404    in
statement-csv                        POST 405    405    405    405    405    405    405    405
statement-pdf                        GET  200    200    200    200    200    200    404    in
statement-pdf                        POST 405    405    405    405    405    405    405    405
lots                                 GET  200    200    200    200    200    200    404    in
lots                                 POST 405    405    405    405    405    405    405    405
lots-csv                             GET  200    200    200    200    200    200    404    in
lots-csv                             POST 405    405    405    405    405    405    405    405
lot                                  GET  200    200    200    200    404    404    404    in
lot                                  POST 405    405    405    405    405    405    405    405
limits                               GET  200    200    200    200    200    200    404    in
limits                               POST 405    405    405    405    405    405    405    405
limits-now                           GET  200    200    200    200    200    200    404    in
limits-now                           POST 405    405    405    405    405    405    405    405
set-limit                            GET  405    405    405    405    405    405    405    405
set-limit                            POST 302*   302*   403    403    302    404    404    in
remove-limit                         GET  405    405    405    405    405    405    405    405
remove-limit                         POST 302*   302*   403    403    302    404    404    in
buy                                  GET  200    200    403    403    200    200    404    in
buy                                  POST 302*   302*   403    403    302    404    404    in
top-up                               GET  200    200    403    403    200    200    404    in
top-up                               POST 302*   302*   403    403    200    404    404    in
top-up-off                           GET  405    405    405    405    405    405    405    405
top-up-off                           POST 302*   302*   403    403    302    404    404    in
plan                                 GET  200    200    403    403    200    200    404    in
plan                                 POST 405    405    405    405    405    405    405    405
plan-choose                          GET  405    405    405    405    405    405    405    405
plan-choose                          POST 302*   302*   403    403    302    404    404    in
plan-cancel                          GET  405    405    405    405    405    405    405    405
plan-cancel                          POST 302*   302*   403    403    404    404    404    in
plan-resume                          GET  405    405    405    405    405    405    405    405
plan-resume                          POST 302    302    403    403    404    404    404    in
plan-card                            GET  405    405    405    405    405    405    405    405
plan-card                            POST 302*   302*   403    403    404    404    404    in
pay-invoice                          GET  302    302    403    403    404    404    404    in
pay-invoice                          POST 302    302    403    403    404    404    404    in
invoice-pdf                          GET  200    200    403    403    404    404    404    in
invoice-pdf                          POST 405    405    405    405    405    405    405    405
prices                               GET  200    200    200    200    200    200    404    in
prices                               POST 405    405    405    405    405    405    405    405
price-estimate                       GET  200    200    200    200    200    200    404    in
price-estimate                       POST 405    405    405    405    405    405    405    405
start                                GET  200    200    200    200    200    200    404    in
start                                POST 200*   403    200*   403    200    404    404    in
first-calls                          GET  200    200    200    200    200    200    404    in
first-calls                          POST 405    405    405    405    405    405    405    405
purchases                            GET  200    200    403    403    200    200    404    in
purchases                            POST 405    405    405    405    405    405    405    405
purchases-csv                        GET  200    200    403    403    200    200    404    in
purchases-csv                        POST 405    405    405    405    405    405    405    405
billing-profile                      GET  200    200    403    403    200    200    404    in
billing-profile                      POST 302*   302*   403    403    302    404    404    in
remove-card                          GET  405    405    405    405    405    405    405    405
remove-card                          POST 302*   302*   403    403    404    404    404    in
purchase                             GET  200    200    403    403    404    404    404    in
purchase                             POST 405    405    405    405    405    405    405    405
checkout-outcome                     GET  200    200    403    403    404    404    404    in
checkout-outcome                     POST 302    302    403    403    404    404    404    in
checkout-state                       GET  200    200    403    403    200    200    404    in
checkout-state                       POST 405    405    405    405    405    405    405    405
refund                               GET  200    200    403    403    404    404    404    in
refund                               POST 302*   302*   403    403    404    404    404    in
refund-preview                       GET  200    200    403    403    404    404    404    in
refund-preview                       POST 405    405    405    405    405    405    405    405
document                             GET  200    200    403    403    404    404    404    in
document                             POST 405    405    405    405    405    405    405    405
account                              GET  200    200    200    200    200    200    200    in
account                              POST 302*   302*   302*   302*   302    302    302    in
switch-company                       GET  405    405    405    405    405    405    405    in
switch-company                       POST 302    302    302    302    404    404    404    in
company-settings                     GET  200    403    403    403    200    200    404    in
company-settings                     POST 302*   403    403    403    302    404    404    in
enter-sandbox                        GET  405    405    405    405    405    405    405    405
enter-sandbox                        POST 302*   403    302*   403    302    404    404    in
leave-sandbox                        GET  405    405    405    405    405    405    405    405
leave-sandbox                        POST 302    302    302    302    302    404    404    in
sandbox                              GET  200    403    200    403    200    200    404    in
sandbox                              POST 200    403    200    403    200    404    404    in
refill-sandbox                       GET  405    405    405    405    405    405    405    405
refill-sandbox                       POST 302    403    302    403    302    404    404    in
move-sandbox-clock                   GET  405    405    405    405    405    405    405    405
move-sandbox-clock                   POST 302    403    302    403    302    404    404    in
keys                                 GET  200    403    200    403    200    200    404    in
keys                                 POST 200*   403    200*   403    200    404    404    in
edit-key                             GET  200    403    200    403    404    404    404    in
edit-key                             POST 302*   403    302*   403    404    404    404    in
rotate-key                           GET  200    403    200    403    404    404    404    in
rotate-key                           POST 200*   403    200*   403    404    404    404    in
suspend-key                          GET  405    405    405    405    405    405    405    405
suspend-key                          POST 302*   403    302*   403    404    404    404    in
revoke-key                           GET  405    405    405    405    405    405    405    405
revoke-key                           POST 302*   403    302*   403    404    404    404    in
webhooks                             GET  200    403    200    403    200    200    404    in
webhooks                             POST 200*   403    200*   403    200    404    404    in
webhook-events                       GET  200    403    200    403    200    200    404    in
webhook-events                       POST 405    405    405    405    405    405    405    405
webhook-endpoint                     GET  200    403    200    403    404    404    404    in
webhook-endpoint                     POST 405    405    405    405    405    405    405    405
webhook-delivery                     GET  200    403    200    403    404    404    404    in
webhook-delivery                     POST 405    405    405    405    405    405    405    405
edit-webhook                         GET  200    403    200    403    404    404    404    in
edit-webhook                         POST 302*   403    302*   403    404    404    404    in
switch-webhook                       GET  405    405    405    405    405    405    405    405
switch-webhook                       POST 302*   403    302*   403    404    404    404    in
rotate-webhook                       GET  405    405    405    405    405    405    405    405
rotate-webhook                       POST 200*   403    200*   403    404    404    404    in
end-old-webhook-secret               GET  405    405    405    405    405    405    405    405
end-old-webhook-secret               POST 302    403    302    403    404    404    404    in
remove-webhook                       GET  405    405    405    405    405    405    405    405
remove-webhook                       POST 302*   403    302*   403    404    404    404    in
test-webhook                         GET  405    405    405    405    405    405    405    405
test-webhook                         POST 302*   403    302*   403    404    404    404    in
resend-webhook                       GET  405    405    405    405    405    405    405    405
resend-webhook                       POST 302*   403    302*   403    404    404    404    in
resend-range                         GET  200    403    200    403    404    404    404    in
resend-range                         POST 302*   403    302*   403    404    404    404    in
members                              GET  200    403    403    403    200    200    404    in
members                              POST 200    403    403    403    200    404    404    in
invite                               GET  405    405    405    405    405    405    405    405
invite                               POST 302*   403    403    403    302    404    404    in
leave                                GET  405    405    405    405    405    405    405    405
leave                                POST 302    302*   302*   302*   302    404    404    in
change-role                          GET  405    405    405    405    405    405    405    405
change-role                          POST 302*   403    403    403    404    404    404    in
remove-member                        GET  405    405    405    405    405    405    405    405
remove-member                        POST 302*   403    403    403    404    404    404    in
revoke-invitation                    GET  405    405    405    405    405    405    405    405
revoke-invitation                    POST 302*   403    403    403    404    404    404    in
invitation                           GET  200    200    200    200    200    200    200    200
invitation                           POST 302    302    302    302    302    302    302    200
"""

ACCOUNTS: Final = """
                                          owner  bill   devel  viewer strang forger staff  nobody
account_signup                       GET  302    302    302    302    302    302    302    200
account_signup                       POST 302    302    302    302    302    302    302    200
account_email                        GET  200    200    200    200    200    200    200    in
account_email                        POST again  again  again  again  again  again  again  in
account_login                        GET  302    302    302    302    302    302    302    200
account_login                        POST 302    302    302    302    302    302    302    200
account_logout                       GET  200    200    200    200    200    200    200    302
account_logout                       POST 302    302    302    302    302    302    302    302
account_inactive                     GET  200    200    200    200    200    200    200    200
account_inactive                     POST 405    405    405    405    405    405    405    405
account_reauthenticate               GET  200    200    200    200    200    200    200    in
account_reauthenticate               POST 200    200    200    200    200    200    200    in
account_email_verification_sent      GET  200    200    200    200    200    200    200    200
account_email_verification_sent      POST 405    405    405    405    405    405    405    405
account_change_password              GET  200    200    200    200    200    200    200    in
account_change_password              POST 200    200    200    200    200    200    200    in
account_set_password                 GET  302    302    302    302    302    302    302    in
account_set_password                 POST 302    302    302    302    302    302    302    in
account_reset_password               GET  200    200    200    200    200    200    200    200
account_reset_password               POST 200    200    200    200    200    200    200    200
account_confirm_login_code           GET  302    302    302    302    302    302    302    in
account_confirm_login_code           POST 302    302    302    302    302    302    302    in
account_confirm_email                GET  200    200    200    200    200    200    200    200
account_confirm_email                POST 404    404    404    404    404    404    404    404
account_reset_password_from_key_done GET  200    200    200    200    200    200    200    200
account_reset_password_from_key_done POST 405    405    405    405    405    405    405    405
account_reset_password_from_key      GET  200    200    200    200    200    200    200    200
account_reset_password_from_key      POST 200    200    200    200    200    200    200    200
account_reset_password_done          GET  200    200    200    200    200    200    200    200
account_reset_password_done          POST 405    405    405    405    405    405    405    405
mfa_index                            GET  200    200    200    200    200    200    200    in
mfa_index                            POST 405    405    405    405    405    405    405    in
mfa_authenticate                     GET  302    302    302    302    302    302    302    in
mfa_authenticate                     POST 302    302    302    302    302    302    302    in
mfa_reauthenticate                   GET  again  again  again  again  again  again  again  in
mfa_reauthenticate                   POST again  again  again  again  again  again  again  in
mfa_activate_totp                    GET  again  again  again  again  again  again  again  in
mfa_activate_totp                    POST again  again  again  again  again  again  again  in
mfa_deactivate_totp                  GET  404    404    404    404    404    404    404    in
mfa_deactivate_totp                  POST 404    404    404    404    404    404    404    in
mfa_view_recovery_codes              GET  404    404    404    404    404    404    404    in
mfa_view_recovery_codes              POST 405    405    405    405    405    405    405    in
mfa_generate_recovery_codes          GET  again  again  again  again  again  again  again  in
mfa_generate_recovery_codes          POST again  again  again  again  again  again  again  in
mfa_download_recovery_codes          GET  404    404    404    404    404    404    404    in
mfa_download_recovery_codes          POST 404    404    404    404    404    404    404    in
usersessions_list                    GET  200    200    200    200    200    200    200    in
usersessions_list                    POST 302    302    302    302    302    302    302    in
"""

Asked = tuple[str, str]


def read(*tables: str) -> dict[Asked, dict[str, str]]:
    rows: dict[Asked, dict[str, str]] = {}
    for table in tables:
        people, *lines = table.strip("\n").splitlines()
        assert all(map(str.startswith, PEOPLE, people.split()))
        for name, method, *answers in map(str.split, lines):
            assert (name, method) not in rows and len(answers) == len(PEOPLE), name
            rows[name, method] = dict(zip(PEOPLE, answers, strict=True))
    return rows


TABLE: Final = read(PORTAL, ACCOUNTS)


def told(response: HttpResponse, changed: bool) -> str:
    """As the table says it."""
    location = response.get("Location", "")
    if location.startswith("/accounts/login/"):
        found = "in"
    elif location.startswith("/accounts/reauthenticate/"):
        found = "again"
    else:
        found = str(response.status_code)
    return f"{found}*" if changed else found


def test_every_address_has_its_rows_and_no_other():
    assert set(TABLE) == {(name, method) for name in URLS for method in ("GET", "POST")}


def test_what_a_new_address_lacks_is_seen():
    assert {"keys", "buy", "document", "account_login", "mfa_index", "usersessions_list"} <= set(
        URLS
    )
    assert len(URLS) > 40


def test_everybody_gets_what_the_table_says(world: World) -> None:
    others = {}
    for (name, method), row in TABLE.items():
        for who, expected in row.items():
            answer = world.ask(name, method.lower(), who)
            if told(*answer) != expected:
                others[name, method, who] = f"{told(*answer)}, not {expected}"
            assert_keeps_to_its_policy(answer.response)
            if who in OUTSIDE and name != "invitation":
                assert_tells_nothing_of(world, answer.response)
    assert others == {}


def assert_tells_nothing_of(world: World, answer: HttpResponse) -> None:
    said = downloaded(answer)
    for secret in world.secrets():
        assert secret.encode() not in said


def assert_keeps_to_its_policy(answer: HttpResponse) -> None:
    """Nothing inline, and a policy that would not let it run."""
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    if answer.get("Content-Type", "").startswith("text/html"):
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]* src=)|<style|<[^>]* style=|<[^>]* on\w+=", page)


def test_the_table_and_the_rights_agree():
    """What a page says to whoever may not is what the table says."""
    for name, right in {
        "alerts": "buy",
        "buy": "buy",
        "keys": "keys",
        "webhooks": "keys",
        "members": "members",
        "overview": "see",
        "calls": "see",
        "usage": "see",
        "limits": "see",
        "prices": "see",
        "start": "see",
    }.items():
        row = TABLE[name, "GET"]
        assert {role for role, rights in RIGHTS.items() if right in rights} == {
            role for role in RIGHTS if row[role] == "200"
        }
    assert set(WHOSE) == set().union(*RIGHTS.values())
