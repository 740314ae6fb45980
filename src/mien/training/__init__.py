"""Training: recipe and data in, a run folder with weights, curves and metrics out.

May be imported from here: `recipe` (what to do, checked by `validating`), `networks` (the registered architectures),
`weights` (where it starts), `loop.train` (do it), `run` (read what came out), `run_classifier` (ask its network about
faces), `interpolation` (averages of weights). Needs `pip install mien[train]`; imports `classifier`, `data`,
`evaluation`, of `recognition` what a model file and its gate are, and the small files beside these folders.
"""
