"""Where staff are signed in: everybody sees and ends their own, administrators anybody's."""

from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import audit, staff_sessions
from accounts.admin.kept import KeptAdmin
from accounts.templatetags.browsers import browser

SEE_ALL = "accounts.view_sessions"
END_ANY = "accounts.end_session"


@admin.register(UserSession)
class UserSessionAdmin(KeptAdmin):
    list_display = ["whose", "since", "seen", "ip", "browser", "is_this"]
    list_select_related = ["user"]
    ordering = ["-last_seen_at"]
    search_fields = ["user__email", "user__name", "ip"]
    search_help_text = "A person's e-mail or name, or an address"
    fields = ["whose", "since", "seen", "ip", "browser", "user_agent"]
    actions = ["end"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UserSession | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: UserSession | None = None) -> bool:
        """One's own at least."""
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserSession]:
        this = Q(session_key=request.session.session_key)
        found = staff_sessions.running().annotate(this=this)
        return found if request.user.has_perm(SEE_ALL) else found.filter(user=request.user.pk)

    @admin.action(description="End: signed out at once", permissions=["view"])
    def end(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> HttpResponse | None:
        may_end_any = request.user.has_perm(END_ANY)
        for session in queryset:
            if session.user == request.user or may_end_any:
                self._end(request, session)
            else:
                messages.error(request, f"Only administrators end sessions of {session.user}.")
        return None if request.user.is_authenticated else redirect("account_login")

    def _end(self, request: HttpRequest, session: Any) -> None:
        told = f"Ended the session from {session.ip}, {browser(session.user_agent)}."
        self.log_change(request, session.user, told)
        ended = {"address": session.ip, "browser": session.user_agent}
        audit.record("session.ended", session.user, before=ended)
        staff_sessions.end(session)
        if session.this:
            logout(request)
        messages.success(request, f"{session.user}: {told}")

    @admin.display(description="who", ordering="user__email")
    def whose(self, session: UserSession) -> str:
        return str(session.user)

    @admin.display(description="signed in", ordering="created_at")
    def since(self, session: UserSession) -> str:
        return _instant(session.created_at)

    @admin.display(description="last seen", ordering="last_seen_at")
    def seen(self, session: UserSession) -> str:
        return _instant(session.last_seen_at)

    @admin.display(description="browser")
    def browser(self, session: UserSession) -> str:
        return browser(session.user_agent)

    @admin.display(description="this one", boolean=True)
    def is_this(self, session: Any) -> bool:
        is_this: bool = session.this
        return is_this


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
