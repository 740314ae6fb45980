"""Synthesis: any face to any expression by a StarGAN, and data sets balanced with it.

To train: `recipe` (what to do), `networks`, `sampling` and `losses` (what a step is made of), `step` (one step), `loop`
(all of them), `run` (what came out), `export` (the generator as one ONNX file). To use: `translator`, which needs no
training framework. To balance and judge: `balance`, `filters`, `scores`, `judge`, and `face_sheets` for both. Imports
`export.onnx`, `training.recipe`, `training.run`, `classifier`, `data`, `recognition` and below.
"""

STRENGTH = 0.8
"""Of what a generator changes: faces change a little less, and look more like real ones of the class."""
