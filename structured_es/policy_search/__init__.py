"""Searches for policies in gymnasium's environments, from training to pictures.

`training.train_policy` is the whole search in one call; `trials` runs it next to baselines.
"""
