"""The gate: know what is no face to judge. Works on model files; needs no PyTorch.

`mahalanobis` holds the distances, `unlikeness` the score that decides, `covering` the one for covered faces.
`feature_extractor` reads a model file's inner maps, `redetection` finds faces again with the detector, `gate` fits the
scores on the training faces, `thresholds` chooses the gate's numbers, `attaching` writes the scores into the model
file. `scores` are the baselines, `ood_sets` the pictures to refuse (out of distribution), with `occluders` drawn over
faces; `judge` measures, `open_set` whether refusing helps, `results` keeps it on file, `ood_plots` draws. Needs `pip
install mien[train]`; imports `evaluation`, `classifier`, `data`, `recognition` and below.
"""
