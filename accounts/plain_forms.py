"""allauth's forms as ours look: a label above each field, and nothing written inside it."""

from typing import TYPE_CHECKING, Any, Final

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms

if TYPE_CHECKING:
    Form = forms.Form
else:
    Form = object

PASSWORD_HELP: Final = "At least 8 characters, and not one that many people use."


class Plain(Form):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        make_plain(self)


def make_plain(form: forms.Form) -> None:
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.label = str(field.label or name).capitalize()
    if "password1" in form.fields:
        form.fields["password1"].help_text = PASSWORD_HELP


class AddEmailForm(Plain, account.AddEmailForm):
    pass


class ChangePasswordForm(Plain, account.ChangePasswordForm):
    pass


class SetPasswordForm(Plain, account.SetPasswordForm):
    pass


class ResetPasswordForm(Plain, account.ResetPasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].label = "E-mail"


class ResetPasswordKeyForm(Plain, account.ResetPasswordKeyForm):
    pass


class ConfirmPasswordForm(Plain, account.ReauthenticateForm):
    pass


class CodeForm(Plain, mfa.AuthenticateForm):
    pass


class ConfirmCodeForm(Plain, mfa.ReauthenticateForm):
    pass


class ActivateAppForm(Plain, totp.ActivateTOTPForm):
    pass
