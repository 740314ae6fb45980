"""Distillation: teachers look once at many augmented views of each training picture, students learn from their answers.

`views` says which views those are, `soft_targets` keeps the answers in a file a teacher, `teacher` asks one. The views
follow from an augmentation and a seed alone, so that a student sees what its teachers saw, and its training costs no
teacher passes (Hinton et al. 2015; the same view for both: Beyer et al. 2022).
"""
