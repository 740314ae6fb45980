"""Times PyPI `fer` in its own environment; prints one JSON line. Started by benchmarks/recognition.py.

Usage: python fer_speed.py ROUNDS PHOTOGRAPH...
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import cv2
import fer.fer
import numpy as np
import tensorflow

rounds, photographs = int(sys.argv[1]), sys.argv[2:]
detector = fer.fer.FER()
# The network alone, as fer calls it: one grey face of 64x64 pixels in [-1, 1].
network = Path(fer.fer.__file__).parent / "data" / "emotion_model_quantized.tflite"
interpreter = tensorflow.lite.Interpreter(model_path=str(network), num_threads=1)
interpreter.allocate_tensors()
place, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
face = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 1)).astype(np.float32)


def milliseconds(work) -> float:
    for _ in range(5):
        work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times) * 1000


def one_face() -> None:
    interpreter.set_tensor(place, face)
    interpreter.invoke()
    interpreter.get_tensor(answer)


answers = {"megabytes": network.stat().st_size / 1e6, "face_ms": milliseconds(one_face)}
cv2.setNumThreads(1)
rounds = 5
for path in photographs:
    picture = cv2.imread(path)
    answers[path] = {
        "ms": milliseconds(lambda picture=picture: detector.detect_emotions(picture)),
        "faces": len(detector.detect_emotions(picture)),
    }
print(json.dumps(answers))
