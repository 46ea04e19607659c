# ruff: noqa: E501 (help texts)
import os

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def keep_what_was_set(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What of a lost dispute was used already was a variable of the environment."""
    receivable = os.environ.get("LOST_DISPUTES") == "receivable"
    policies = apps.get_model("billing", "Policy").objects.using(schema_editor.connection.alias)
    policies.create(only_row=True, chargeback="receivable" if receivable else "contra-revenue")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_api_keys_are_called_so"),
        ("billing", "0004_cards_to_save"),
        ("ledger", "0006_books"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="pack",
            name="family",
            field=models.SlugField(
                default="standard",
                help_text="Packs whose use can be compared: breakage is estimated for them together.",  # noqa: E501
                max_length=40,
            ),
        ),
        migrations.CreateModel(
            name="EscheatClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("country", models.CharField(help_text="ISO 3166 of the buyer: US", max_length=2)),
                (
                    "region",
                    models.CharField(
                        blank=True, help_text="Empty: all of the country.", max_length=10
                    ),
                ),
                (
                    "dormancy_days",
                    models.PositiveIntegerField(
                        default=1095, help_text="After the last use, until it must be reported."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "escheat classes",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("country", "region"), name="escheat_class_of_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")),
                        name="escheat_class_country_is_iso",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Estimate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cohort", models.CharField(max_length=100)),
                ("as_of", models.DateField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("remote", "When use becomes remote: at expiry"),
                            ("proportional", "In proportion to use, where history passes the gate"),
                        ],
                        max_length=16,
                    ),
                ),
                ("rate", models.DecimalField(decimal_places=8, max_digits=9, null=True)),
                (
                    "unconstrained_rate",
                    models.DecimalField(decimal_places=8, max_digits=9, null=True),
                ),
                ("hazards", models.JSONField(null=True)),
                ("judged_remote", models.BigIntegerField(default=0)),
                ("gate", models.JSONField(default=dict)),
                ("inputs", models.JSONField(default=dict)),
                ("inputs_hash", models.CharField(max_length=64)),
                (
                    "treatment",
                    models.CharField(
                        choices=[
                            ("catch-up", "A new estimate, with a catch-up now"),
                            (
                                "prospective",
                                "A modification: what is left is spread over what is left",
                            ),
                        ],
                        default="catch-up",
                        max_length=16,
                    ),
                ),
                ("base_c", models.BigIntegerField(null=True)),
                ("base_a", models.BigIntegerField(null=True)),
                ("base_n", models.BigIntegerField(null=True)),
                ("note", models.TextField(blank=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BreakageRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cohort", models.CharField(max_length=100)),
                ("currency", models.CharField(max_length=3)),
                ("as_of", models.DateField()),
                ("v", models.BigIntegerField()),
                ("c", models.BigIntegerField()),
                ("a", models.BigIntegerField()),
                ("expected", models.DecimalField(decimal_places=6, max_digits=24)),
                ("n", models.BigIntegerField()),
                ("catch_up", models.BigIntegerField()),
                ("current", models.BigIntegerField()),
                ("expiry", models.BigIntegerField()),
                ("over_redeemed", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "estimate",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="billing.estimate",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("to", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("rate", models.DecimalField(decimal_places=10, max_digits=20)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("currency", "to", "day"), name="exchange_rate_of_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gt", 0)), name="exchange_rate_above_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("currency__regex", "^[A-Z]{3}$"),
                            ("to__regex", "^[A-Z]{3}$"),
                            models.Q(("currency", models.F("to")), _negated=True),
                        ),
                        name="exchange_rate_currencies_are_iso",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Modification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot_id", models.UUIDField()),
                ("cohort", models.CharField(blank=True, max_length=100)),
                ("expires_before", models.DateTimeField(null=True)),
                ("expires_after", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                (
                    "estimate",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.estimate",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Period",
            fields=[
                (
                    "month",
                    models.DateField(help_text="Its first day.", primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("closing", "Closing"),
                            ("closed", "Closed"),
                            ("reopened", "Reopened"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reopened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CloseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=16)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("ok", models.BooleanField()),
                ("told", models.TextField(help_text="What it did, in a line.")),
                (
                    "findings",
                    models.JSONField(
                        default=list, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="billing.period",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "only_row",
                    models.BooleanField(
                        default=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("remote", "When use becomes remote: at expiry"),
                            ("proportional", "In proportion to use, where history passes the gate"),
                        ],
                        default="remote",
                        max_length=16,
                    ),
                ),
                (
                    "gate_waived",
                    models.BooleanField(
                        default=False,
                        help_text="Recognise in proportion to use even where history does not pass the gate.",  # noqa: E501
                    ),
                ),
                (
                    "refresh_estimates",
                    models.BooleanField(
                        default=False,
                        help_text="Closing a month makes new estimates from the curve of use. Otherwise they are what a person said last.",  # noqa: E501
                    ),
                ),
                (
                    "comparability_broken",
                    models.BooleanField(
                        default=False,
                        help_text="Expiry policy, price or product change so that history says little of what comes: the gate does not pass.",  # noqa: E501
                    ),
                ),
                (
                    "goodwill",
                    models.CharField(
                        choices=[
                            ("zero-price-lot", "A lot without a price"),
                            ("price-concession", "More credits for the price of an open paid lot"),
                        ],
                        default="zero-price-lot",
                        max_length=20,
                    ),
                ),
                (
                    "chargeback",
                    models.CharField(
                        choices=[
                            ("contra-revenue", "Contra-revenue (4310)"),
                            ("credit-loss", "A loss (6300): the revenue stays"),
                            ("receivable", "A receivable (1100): the customer owes it"),
                        ],
                        default="contra-revenue",
                        max_length=20,
                    ),
                ),
                (
                    "dispute_tax_relief",
                    models.BooleanField(
                        default=True,
                        help_text="Tax on a lost dispute is due no more. Otherwise it is a loss (6300).",
                    ),
                ),
                (
                    "extension",
                    models.CharField(
                        choices=[
                            ("catch-up", "A new estimate, with a catch-up now"),
                            (
                                "prospective",
                                "A modification: what is left is spread over what is left",
                            ),
                        ],
                        default="catch-up",
                        max_length=16,
                    ),
                ),
                (
                    "tax_point",
                    models.CharField(
                        choices=[
                            ("sale", "When credits are sold"),
                            ("redemption", "When credits are used"),
                        ],
                        default="sale",
                        max_length=16,
                    ),
                ),
                (
                    "reinstatement_grace_days",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="So long after its expiry a lot is reinstated; later it is goodwill.",  # noqa: E501
                    ),
                ),
                ("functional_currency", models.CharField(default="USD", max_length=3)),
            ],
            options={
                "verbose_name_plural": "policy",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("only_row", True)), name="policy_is_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chargeback__in", ["contra-revenue", "credit-loss", "receivable"]),
                            ("extension__in", ["catch-up", "prospective"]),
                            ("goodwill__in", ["zero-price-lot", "price-concession"]),
                            ("method__in", ["remote", "proportional"]),
                            ("tax_point__in", ["sale", "redemption"]),
                        ),
                        name="policy_is_of_the_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("functional_currency__regex", "^[A-Z]{3}$")),
                        name="policy_currency_is_iso",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnclaimedProperty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot_id", models.UUIDField()),
                ("transaction_id", models.UUIDField(unique=True)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                ("credits", models.BigIntegerField()),
                ("escheated_on", models.DateField()),
                ("dormant_on", models.DateField(help_text="When it must be reported.", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("remitted", "Remitted"),
                            ("returned", "Returned"),
                        ],
                        default="held",
                        max_length=16,
                    ),
                ),
                ("settled_on", models.DateField(null=True)),
                ("reference", models.CharField(blank=True, max_length=200)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                (
                    "escheat_class",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.escheatclass",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "unclaimed property",
            },
        ),
        migrations.AddIndex(
            model_name="estimate",
            index=models.Index(fields=["cohort", "as_of", "id"], name="estimate_of_cohort"),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rate__isnull", True),
                    models.Q(("rate__gte", 0), ("rate__lte", 1)),
                    _connector="OR",
                ),
                name="estimate_rate_is_a_part",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(("judged_remote__gte", 0)), name="estimate_remote_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("method__in", ["remote", "proportional"]),
                    ("treatment__in", ["catch-up", "prospective"]),
                ),
                name="estimate_is_of_the_known",
            ),
        ),
        migrations.AddIndex(
            model_name="breakagerun",
            index=models.Index(fields=["cohort", "as_of", "id"], name="breakage_run_of_cohort"),
        ),
        migrations.AddIndex(
            model_name="modification",
            index=models.Index(
                condition=models.Q(("estimate__isnull", True)),
                fields=["cohort"],
                name="modification_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="period",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="period_is_a_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="period",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "closing", "closed", "reopened"])),
                name="period_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="period",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at__isnull", False),
                    models.Q(("state", "closed"), _negated=True),
                    _connector="OR",
                ),
                name="period_closed_has_an_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="period",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "reopened"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="period_reopened_has_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="closestep",
            index=models.Index(fields=["period", "id"], name="close_step_of_period"),
        ),
        migrations.AddConstraint(
            model_name="unclaimedproperty",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("credits__gt", 0)),
                name="unclaimed_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="unclaimedproperty",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["held", "remitted", "returned"])),
                name="unclaimed_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="unclaimedproperty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("settled_on__isnull", True),
                    ("settled_on__gte", models.F("escheated_on")),
                    _connector="OR",
                ),
                name="unclaimed_settled_after",
            ),
        ),
        migrations.RunPython(keep_what_was_set, migrations.RunPython.noop),
    ]
