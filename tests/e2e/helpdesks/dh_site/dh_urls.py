"""The help desk at the root, the bot's addresses below `support-bot/`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("support-bot/", include("support_bot_bridge.urls")),
    path("", include("helpdesk.urls", namespace="helpdesk")),
]
