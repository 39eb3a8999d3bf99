"""Connects the signals once Django is ready."""

from django.apps import AppConfig


class BridgeConfig(AppConfig):
    """The app as Django knows it."""

    name = "support_bot_bridge"
    verbose_name = "Support bot"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import listeners  # Django: models can be imported only now

        listeners.connect()
