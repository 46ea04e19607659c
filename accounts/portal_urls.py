from django.urls import path

from accounts import company_views, key_views, member_views, views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("company/", views.switch_company, name="switch-company"),
    path("company/settings/", company_views.settings, name="company-settings"),
    path("company/sandbox/", company_views.enter_sandbox, name="enter-sandbox"),
    path("company/sandbox/leave/", company_views.leave_sandbox, name="leave-sandbox"),
    path("keys/", key_views.keys, name="keys"),
    path("keys/<uuid:key_id>/", key_views.edit_key, name="edit-key"),
    path("keys/<uuid:key_id>/rotate/", key_views.rotate_key, name="rotate-key"),
    path("keys/<uuid:key_id>/suspend/", key_views.suspend_key, name="suspend-key"),
    path("keys/<uuid:key_id>/revoke/", key_views.revoke_key, name="revoke-key"),
    path("members/", member_views.members, name="members"),
    path("members/invite/", member_views.invite, name="invite"),
    path("members/leave/", member_views.leave, name="leave"),
    path("members/<uuid:member_id>/role/", member_views.change_role, name="change-role"),
    path("members/<uuid:member_id>/remove/", member_views.remove_member, name="remove-member"),
    path(
        "members/invitations/<uuid:invitation_id>/revoke/",
        member_views.revoke_invitation,
        name="revoke-invitation",
    ),
    path("invitations/<str:token>/", member_views.invitation, name="invitation"),
]
