"""An admin, the bot's user, an agent, their tokens (told on stdout) and a queue. Safe to repeat."""

import sys

from django.contrib.auth import get_user_model
from helpdesk.models import Queue
from rest_framework.authtoken.models import Token

User = get_user_model()
for name in ("admin", "bot", "alice"):
    user, _ = User.objects.get_or_create(
        username=name, defaults={"email": f"{name}@example.com", "is_staff": True, "is_superuser": name == "admin"}
    )
    user.set_password(f"{name}password")
    user.save()
    token, _ = Token.objects.get_or_create(user=user, defaults={"key": (name * 40).encode().hex()[:40]})
    sys.stdout.write(f"{name} {token.key}\n")
fields = {"title": "Support", "allow_public_submission": True, "email_address": "support@example.com"}
queue, _ = Queue.objects.get_or_create(slug="support", defaults=fields)
sys.stdout.write(f"queue {queue.id}\n")
