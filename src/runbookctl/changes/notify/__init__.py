"""Telling people; changes nothing."""
