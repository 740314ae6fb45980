"""One way to ask a trained network about faces, wherever it is from.

`classifier` says what can be asked, `batches` goes through many faces, `model_file` is the network in a model file;
that of a run's folder is `training.run_classifier`. Needs no training framework; imports `recognition` and below.
"""
