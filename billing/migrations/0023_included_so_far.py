from django.db import migrations, models

_CARRY = """
update billing_subscription s set included = p.included_credits
from billing_plan p where p.id = s.plan_id
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0022_plans_that_were_left")]

    operations = [
        migrations.AddField("subscription", "included", models.BigIntegerField(default=0)),
        migrations.RunSQL(_CARRY, migrations.RunSQL.noop),
    ]
