"""The gate: know what is no face to judge. Works on model files; needs no PyTorch.

`mahalanobis` holds the distances (the relative one is the near score), `far` the far score. `tapping` reads a model
file's inner maps, `gate` fits both scores on the training faces, `attaching` writes them into the model file. `scores`
are the gate's rivals, `kinds` the pictures to refuse, `judge` measures, `figures` draws. Needs
`pip install mien[train]`; imports `evaluation`, `data`, `recognition`, `expressions`, `errors`, `storage`.
"""
