"""Conversations and tickets to and from somebody else's help desk, as plug-ins."""
