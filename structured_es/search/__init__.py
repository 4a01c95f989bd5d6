"""The search itself: ask, tell, and what happens between them."""
