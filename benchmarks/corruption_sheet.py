"""Draws docs/figures/corruptions.png: a portrait from examples/ under every corruption of `mien evaluate --robust`."""

from pathlib import Path

from mien.evaluation.trust_plots import corruption_sheet
from mien.plotting import save
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer

ROOT = Path(__file__).parents[1]


def main() -> None:
    recognizer = Recognizer(gate="off")
    picture = read_picture(ROOT / "examples" / "astronaut.jpg")
    face = recognizer.crop_faces(picture, recognizer.detector.detect(picture))[0].pixels
    save(corruption_sheet(face), ROOT / "docs" / "figures" / "corruptions.png")


if __name__ == "__main__":
    main()
