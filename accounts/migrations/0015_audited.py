"""What people and services change here is entered in the audit."""

from django.db import migrations

from accounts.audit import audited


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_audit"),
        ("account", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        audited("accounts_service", customer=""),
        audited("accounts_servicekey", customer=""),
        audited("accounts_apikey"),
        audited("accounts_member"),
        audited("accounts_invitation"),
        audited("accounts_user_groups", customer="", noun="groups_of_user"),
        audited("accounts_user_user_permissions", customer="", noun="permissions_of_user"),
        audited("auth_group", customer=""),
        audited("auth_group_permissions", customer="", noun="permissions_of_group"),
        audited("account_emailaddress", customer=""),
        audited("mfa_authenticator", customer="", hidden=("data",)),
    ]
