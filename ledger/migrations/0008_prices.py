"""Prices of several units, with tiers and free quotas, cards of groups and of single customers, and
what is billed by how a call ended.

A price and an endpoint of before say the same as they did. Of cards that began at the same instant
only the last one made was ever in force since: the others are retired.
"""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

CARRY = """
update ledger_price set units = jsonb_build_array(jsonb_build_object(
    'name', quantity_name, 'size', quantity_size, 'amount', per_quantity,
    'free', '0', 'mode', 'flat', 'tiers', jsonb_build_array()))
where quantity_name <> '';

update ledger_endpoint set billed_client_error = 100 where bills_client_errors;

update ledger_ratecard c set retired_at = now(), changed_at = now()
where published_at is not null and exists (
    select from ledger_ratecard later
    where later.published_at is not null and later.effective_at = c.effective_at
        and later.id > c.id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_suspended"),
        ("ledger", "0007_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name="PriceTerms",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="price_terms",
                        serialize=False,
                        to="accounts.customer",
                    ),
                ),
                ("pinned_until", models.DateTimeField(blank=True, null=True)),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        db_index=True,
                        editable=False,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "price terms",
            },
        ),
        migrations.AddField(
            model_name="endpoint",
            name="billed_client_error",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="It failed by the caller's fault (4xx).",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="endpoint",
            name="billed_partial",
            field=models.PositiveSmallIntegerField(
                db_default=100,
                default=100,
                help_text="It did a part of what it is for.",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="endpoint",
            name="billed_server_error",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="It failed by ours (5xx).",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="endpoint",
            name="billed_success",
            field=models.PositiveSmallIntegerField(
                db_default=100,
                default=100,
                help_text="Per cent of the price: the call did what it is for.",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="endpoint",
            name="billed_timeout",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="It took too long (504).",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="price",
            name="maximum",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="price",
            name="minimum",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="price",
            name="units",
            field=models.JSONField(
                blank=True, db_default=models.Value([], models.JSONField()), default=list
            ),
        ),
        migrations.AddField(
            model_name="ratecard",
            name="customer",
            field=models.ForeignKey(
                blank=True,
                help_text="Of one customer: the prices here go before those of its other card.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.customer",
            ),
        ),
        migrations.AddField(
            model_name="ratecard",
            name="retired_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="ratecard",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), db_index=True, editable=False
            ),
        ),
        migrations.AddField(
            model_name="ratecard",
            name="group",
            field=models.ForeignKey(
                blank=True,
                help_text="Whose card this is. None: of everyone who has no group.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cards",
                to="ledger.pricegroup",
            ),
        ),
        migrations.AddField(
            model_name="priceterms",
            name="group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="terms",
                to="ledger.pricegroup",
            ),
        ),
        migrations.AddField(
            model_name="priceterms",
            name="pinned_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pins",
                to="ledger.ratecard",
            ),
        ),
        migrations.RunSQL(CARRY, migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name="price",
            name="price_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="price",
            name="price_quantity_size_positive",
        ),
        migrations.RemoveConstraint(
            model_name="price",
            name="price_quantity_named",
        ),
        migrations.RemoveField(
            model_name="endpoint",
            name="bills_client_errors",
        ),
        migrations.RemoveField(
            model_name="price",
            name="per_quantity",
        ),
        migrations.RemoveField(
            model_name="price",
            name="quantity_name",
        ),
        migrations.RemoveField(
            model_name="price",
            name="quantity_size",
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("billed_client_error__lte", 100),
                    ("billed_partial__lte", 100),
                    ("billed_server_error__lte", 100),
                    ("billed_success__lte", 100),
                    ("billed_timeout__lte", 100),
                ),
                name="endpoint_billed_per_cent",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("per_call__gte", 0),
                    models.Q(("minimum__isnull", True), ("minimum__gte", 0), _connector="OR"),
                    models.Q(("maximum__isnull", True), ("maximum__gte", 0), _connector="OR"),
                ),
                name="price_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("minimum__isnull", True),
                    ("maximum__isnull", True),
                    ("minimum__lte", models.F("maximum")),
                    _connector="OR",
                ),
                name="price_minimum_below_maximum",
                violation_error_message="The minimum is above the maximum.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricegroup",
            constraint=models.UniqueConstraint(fields=("name",), name="price_group_name_unique"),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at__isnull", False), ("retired_at__isnull", True)),
                fields=("group", "customer", "effective_at"),
                name="rate_card_once_in_force",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("group__isnull", True), ("customer__isnull", True), _connector="OR"
                ),
                name="rate_card_of_group_or_customer",
                violation_error_message="A card is of a group or of one customer, not of both.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retired_at__isnull", True), ("published_at__isnull", False), _connector="OR"
                ),
                name="rate_card_published_before_retired",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pinned_until__isnull", True), ("pinned_to__isnull", False), _connector="OR"
                ),
                name="price_terms_pin_has_a_card",
            ),
        ),
    ]
