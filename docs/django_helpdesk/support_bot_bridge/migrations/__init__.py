"""The table of events that wait to be sent."""
