"""Honest comparisons: methods and baselines on the same problems, starts and budgets.

`compare.compare` runs the trials, `summary.summarize` reduces them to numbers, `report` and
`plotting` show these. Nothing is imported here, so that each part is paid for only where used.
"""
