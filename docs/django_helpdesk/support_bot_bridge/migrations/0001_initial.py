"""The table of events that wait to be sent."""

from django.db import migrations, models

import support_bot_bridge.models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="PendingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "delivery",
                    models.CharField(default=support_bot_bridge.models.new_id, max_length=64, unique=True),
                ),
                ("body", models.TextField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
