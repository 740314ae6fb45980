"""Classifies faces with PyPI `fer` in its own environment: faces.npy (uint8 [N, 48, 48]) to float32 [N, 7].

Usage: python fer_accuracy.py FACES.npy PROBABILITIES. Started by benchmarks/peer_accuracy.py.
"""

import json
import sys
from importlib.metadata import version

import cv2
import numpy as np
from fer.fer import FER

faces = np.load(sys.argv[1])
detector = FER()
# As its own detect_emotions prepares a face: 64x64, [0, 255] to [-1, 1].
enlarged = np.stack([cv2.resize(face, (64, 64)) for face in faces]).astype(np.float32) / 127.5 - 1
detector._classify_emotions(enlarged).astype(np.float32).tofile(sys.argv[2])
print(json.dumps({"version": version("fer")}))
