"""Data sets: folders and CSV files of 48x48 grey faces, their splits, and what is wrong with them.

May be imported from here: `dataset` (read and split), `statistics` (counts, copies), `class_chart`, `splitting`,
`photographs` (faces found in labelled ones). Imports `recognition` and the small files beside these folders.
"""
