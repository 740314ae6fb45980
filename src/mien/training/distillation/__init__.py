"""Distillation: teachers look at many warped views of every training picture once, students learn from what they said.

`views` says which views those are, `soft_targets` keeps the answers in a file a teacher, `teacher` asks one. The views
follow from a warp and a seed alone, so that a student sees what its teachers saw, and its training costs no teacher
passes (Hinton et al. 2015; the same view for both: Beyer et al. 2022).
"""
