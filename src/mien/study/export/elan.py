"""ELAN's .eaf, by pympi: a tier a person, linked with the clip."""

from pathlib import Path, PurePath

from mien.recognition.extra import load
from mien.storage import write_atomically
from mien.study.export.tiers import ClipTiers, milliseconds

MIME = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mpg": "video/mpeg",
    ".webm": "video/webm",
}


def write(path: Path, of: ClipTiers) -> None:
    """Write one clip's tiers; ELAN looks for the clip where it was read, and beside the file.

    Args:
        path: Where.
        of: The clip's tiers.

    Raises:
        StorageError: The disk refuses.
    """
    pympi = load("pympi", "study")
    document = pympi.Eaf(author="Mien")
    document.remove_tier("default")
    if not of.tiers:
        document.add_tier("face")
    for person, spans in of.tiers.items():
        document.add_tier(person, part=person, ann="Mien")
        for span in spans:
            start, end = milliseconds(span.start), milliseconds(span.end)
            if end > start:
                document.add_annotation(person, start, end, value=span.text)
    name = PurePath(of.clip.source)
    if "://" not in of.clip.source:
        mime = MIME.get(name.suffix.lower(), "video/unknown")
        document.add_linked_file(Path(name).absolute().as_uri(), relpath=f"./{name.name}", mimetype=mime)
    write_atomically(path, lambda draft: document.to_file(str(draft)))
