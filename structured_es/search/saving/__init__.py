"""Searches in files: objects as arrays and JSON, and the file that holds them."""
