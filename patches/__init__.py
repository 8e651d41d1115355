"""Pieces a performer opens: one file, one piece."""
