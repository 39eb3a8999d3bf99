"""Addresses for the bot, to be included below `support-bot/`."""

from django.urls import path

from . import views

urlpatterns = [
    path("whoami/", views.whoami),
    path("find/", views.find),
    path("tickets/<int:number>/", views.ticket),
    path("customer-messages/", views.customer_message),
]
