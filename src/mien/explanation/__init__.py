"""Explanation: where in a face a model saw an expression, and whether such a map can be believed.

`map_methods` (the ways that a classifier has), `occlusion` (needs a model's answers alone), `gradients` (Grad-CAM and
attention rollout, for a run's network), `faithfulness` (deletion and insertion curves), `map_plots`. Imports
`training`, `classifier`, `evaluation`, `recognition`, `expressions`, `errors`; torch only for runs.
"""
