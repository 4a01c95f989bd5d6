"""Whole runs: the loop around ask and tell, and where the evaluations happen."""
