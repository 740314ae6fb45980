"""Export: a trained run in, one ONNX model file out, checked against PyTorch on real faces.

`pipeline` goes the whole way: `onnx` writes the file of the model contract, `quantisation` makes it int8 (`static_int8`
where the network is convolutional), `calibration` fits its temperature, `parity` refuses a file that answers otherwise
than the network it came from. Needs
`pip install mien[train]`; imports `training`, `data`, `evaluation.metrics`, `recognition`, `expressions`, `errors`,
`storage`.
"""
