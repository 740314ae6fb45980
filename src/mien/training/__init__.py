"""Training: recipe and data in, a run folder with weights, curves and metrics out.

May be imported from here: `recipe` (what to do), `networks` (the registered architectures), `loop.train` (do it), `run`
(read what came out). Needs `pip install mien[train]`; imports `data`, `evaluation.metrics`, `expressions`, `errors`.
"""
