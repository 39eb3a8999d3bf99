"""A Django app for django-helpdesk: tells the support bot what happens, signed, in the background."""
