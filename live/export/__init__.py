"""Patches and layouts for other programs, generated from the declarations."""
