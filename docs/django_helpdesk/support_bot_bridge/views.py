"""What the REST API of django-helpdesk cannot do for the bot. Only for the bot's own user."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from helpdesk.lib import safe_template_context
from helpdesk.models import FollowUp, Ticket
from helpdesk.user import HelpdeskUser
from rest_framework.authentication import TokenAuthentication
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from .listeners import SOLVED, author_of


class IsBot(BasePermission):
    """The staff user that is named in the settings, and nobody else."""

    def has_permission(self, request, view):
        user = request.user
        return bool(user and user.is_staff and user.get_username() == settings.SUPPORT_BOT["USER"])


def for_the_bot(method):
    """A view that takes the bot's token only: no cookie, so nothing that a page could make a browser do."""

    def wrap(view):
        return api_view([method])(authentication_classes([TokenAuthentication])(permission_classes([IsBot])(view)))

    return wrap


@for_the_bot("GET")
def whoami(request):
    desk = HelpdeskUser(request.user)
    return Response({"user": request.user.get_username(), "queues": [queue.pk for queue in desk.get_queues()]})


@for_the_bot("GET")
def ticket(request, number):
    found = _ticket(request, number)
    entries = [
        {"id": f.pk, "author": author_of(f), "public": f.public, "comment": f.comment}
        for f in FollowUp.objects.filter(ticket=found).select_related("user").order_by("pk")
    ]
    return Response({"status": found.status, "description": found.description, "entries": entries})


@for_the_bot("GET")
def find(request):
    """The ticket whose description ends with a marker of the bot."""
    marker = request.query_params.get("marker", "")
    if len(marker) < 8:
        raise ValidationError("a marker has at least 8 characters")
    found = HelpdeskUser(request.user).accessible_tickets().filter(description__contains=marker).order_by("pk").first()
    return Response({"ticket": found.pk if found else None})


@for_the_bot("POST")
def customer_message(request):
    """A public follow-up without a user, as an e-mail of the customer becomes."""
    try:
        number, comment = int(request.data["ticket"]), str(request.data["comment"])
    except (KeyError, TypeError, ValueError):
        raise ValidationError("a ticket and a comment") from None
    found = _ticket(request, number)
    followup = FollowUp(ticket=found, title="Message in the chat", date=timezone.now(), public=True, comment=comment)
    if found.status in SOLVED:
        found.status = followup.new_status = Ticket.REOPENED_STATUS
    followup.save()
    found.save()
    context = {**safe_template_context(found), "comment": comment}
    told = {"assigned_to": ("updated_owner", context), "queue_updated": ("updated_cc", context)}
    found.send(told, fail_silently=True, sender=found.queue.from_address)
    return Response({"id": followup.pk})


def _ticket(request, number):
    try:
        return get_object_or_404(HelpdeskUser(request.user).accessible_tickets(), pk=number)
    except OverflowError:
        raise Http404 from None
