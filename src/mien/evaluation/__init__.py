"""Evaluation: what predictions are worth, and how far to trust them.

`metrics` (numbers), `calibration` (confidence against accuracy), `label_noise` (against FER+'s raters),
`disagreement_page`; `corruptions`, `crops`, `robustness` (spoiled pictures, crops that are off); `world` (photographs
from elsewhere); `ensemble` (which models answer best together), `test_time_augmentation` (a face seen several ways);
`report` (results file, table, plot), `trust_plots`; `bootstrap` (intervals). None of them needs a training framework.
"""
