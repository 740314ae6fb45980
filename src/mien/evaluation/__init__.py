"""Evaluation: what predictions are worth, and how far to trust them.

`metrics` (numbers), `calibration` (confidence against accuracy), `label_noise` (against FER+'s raters),
`disagreement_page`; `corruptions`, `crops`, `robustness` (spoiled pictures, crops that are off); `report` (results
file, table, plot), `figures`. All work on plain arrays of faces, labels and probabilities and need no training
framework.
"""
