"""Tickets in a tracker; changes nothing on a machine."""
