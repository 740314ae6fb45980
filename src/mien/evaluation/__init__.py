"""Evaluation: what predictions are worth. `metrics` (numbers), `report` (results file, table, plot).

`metrics` and `report` need no training framework; both work on plain arrays of labels and probabilities.
"""
