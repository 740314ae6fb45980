"""Results: the schema of every file under results/, and the one way to read and to write them.

`record` (read, write, what all have), `confusion` and `scores` (accuracy, calibration, labels), `evaluation`,
`robustness`, `maps`, `world`, `ensembles`, `gate`, `synthesis`, `framing`, `runs`, `reference` (a kind of file each),
`benchmarks` (those of benchmarks/), `shelf` (which files lie in a results folder), `shipped` (whether a figure is of
the file that ships). Elsewhere no results file is read by its keys. Needs no training framework.
"""
