"""The annotated copy's sound: pairs of sound and container, each drawn over and decoded to its end.

Writes results/benchmarks/video-sound.json and prints a table. Needs ffmpeg and ffprobe (Debian: ffmpeg), which make
the videos and check the copies: a flash and a beep together every second tell how far sound and pictures are apart.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]

from mien.recognition.faces import Frame  # noqa: E402
from mien.recognition.video.annotating import AnnotatedVideo  # noqa: E402
from mien.recognition.video.reading import VideoFile  # noqa: E402
from mien.results.benchmarks import SOUND  # noqa: E402
from mien.results.record import made, write  # noqa: E402

RESULTS = ROOT / "results" / "benchmarks" / "video-sound.json"
LENGTH = 4
"""Seconds of each video."""
RATE = 48000
"""Samples a second at which beeps are looked for."""
MOST_APART = 0.04
MOST_LONGER = 0.1
PICTURES = (
    "testsrc2=s=160x120:r=25:d={length},eq=brightness=-0.4,"
    "drawbox=t=fill:c=white:enable='lt(mod(t-0.479,1),0.2)*gte(t,0.479)'"
)
BEEP = "if(gte(t,0.48)*lt(mod(t-0.48,1),0.2),0.4*sin(2*PI*880*t),0)"
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


@dataclass(frozen=True)
class Pair:
    """One video. suffix: its container's; sound: the encoder; extra: further arguments of ffmpeg's output."""

    suffix: str
    sound: str
    channels: int = 2
    rate: int = 48000
    video: str = "libx264"
    extra: tuple[str, ...] = ()
    late: float = 0.0
    longer: float = 0.0
    damage: bool = False
    special: str = ""

    @property
    def name(self) -> str:
        parts = [self.sound, self.suffix, LAYOUTS[self.channels], str(self.rate)]
        parts += [f"{self.late:+g} s"] if self.late else []
        parts += [f"{self.longer:g} s longer"] if self.longer else []
        return " ".join([*parts, self.special, "damaged" if self.damage else ""]).strip()


PAIRS = (
    Pair("mp4", "aac"),
    Pair("mp4", "aac", 1, 8000),
    Pair("mp4", "aac", 6, 96000),
    Pair("mp4", "aac", 8),
    Pair("mp4", "libmp3lame", 2, 22050),
    Pair("mp4", "ac3", 6),
    Pair("mp4", "eac3", 6),
    Pair("mp4", "ac3", 2, late=1.5),
    Pair("mp4", "libopus", 2),
    Pair("mp4", "flac", 2, 96000, extra=("-strict", "-2")),
    Pair("mp4", "alac", 2, 44100),
    Pair("mp4", "aac", late=1.5),
    Pair("mp4", "aac", late=-0.5),
    Pair("mp4", "aac", longer=3),
    Pair("mp4", "mp2"),
    Pair("mov", "pcm_s16le", 2, 44100),
    Pair("mov", "pcm_s24le", 6),
    Pair("mov", "pcm_s16le", 8),
    Pair("mov", "pcm_f32le", 8, 96000),
    Pair("mov", "pcm_alaw", 1, 8000),
    Pair("mov", "adpcm_ima_qt", 2, 22050),
    Pair("mov", "alac", 8),
    Pair("mkv", "libopus", 6),
    Pair("mkv", "libopus", 8, late=1.0),
    Pair("mkv", "libvorbis", 2, 44100),
    Pair("mkv", "flac", 8),
    Pair("mkv", "pcm_s24le", 8, 96000),
    Pair("mkv", "dca", 6, extra=("-strict", "-2")),
    Pair("mkv", "truehd", 6, extra=("-strict", "-2")),
    Pair("mkv", "aac", special="two tracks, subtitles"),
    Pair("mkv", "libmp3lame", special="cover"),
    Pair("webm", "libopus", 2, video="libvpx"),
    Pair("webm", "libvorbis", 1, video="libvpx"),
    Pair("ts", "aac"),
    Pair("ts", "aac", 6, 44100),
    Pair("ts", "aac", damage=True),
    Pair("ts", "aac", special="joined"),
    Pair("m3u8", "aac", special="HLS"),
    Pair("ts", "mp2", 2),
    Pair("ts", "ac3", 6),
    Pair("ts", "libopus", 2),
    Pair("ts", "aac_latm", extra=("-c:a", "aac", "-mpegts_flags", "latm")),
    Pair("avi", "libmp3lame", 2, 44100, video="mpeg4"),
    Pair("avi", "pcm_u8", 1, 11025, video="mpeg4"),
    Pair("avi", "adpcm_ms", 2, 22050, video="mpeg4"),
    Pair("avi", "ac3", 2, video="mpeg4"),
    Pair("avi", "pcm_mulaw", 1, 8000, video="mpeg4"),
    Pair("flv", "aac", 2, 44100),
    Pair("flv", "libmp3lame", 1, 11025, video="flv"),
    Pair("flv", "libspeex", 1, 16000, video="flv"),
    Pair("ogv", "libvorbis", 2, 44100, video="libtheora"),
    Pair("ogv", "flac", 1, 44100, video="libtheora"),
    Pair("wmv", "wmav2", 2, 44100, video="wmv2"),
    Pair("wmv", "wmav1", 1, 44100, video="wmv2"),
    Pair("mxf", "pcm_s16le", 2, video="mpeg2video"),
    Pair("3gp", "libopencore_amrnb", 1, 8000, video="mpeg4"),
    Pair("3gp", "aac", 1, 11025),
    Pair("mpg", "mp2", 2, 44100, video="mpeg1video"),
    Pair("mpg", "ac3", 6, video="mpeg2video"),
    Pair("mkv", "pcm_s16le", damage=True),
    Pair("mkv", "libmp3lame", damage=True),
    Pair("nut", "pcm_f64le", 2),
)


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-nostdin", *map(str, arguments)], check=True, capture_output=True)


def make(pair: Pair, folder: Path) -> Path:
    """The pair's video: black with a white flash every second, and a beep with each flash."""
    path = folder / f"video.{pair.suffix}"
    beeps = "|".join([BEEP.replace("(t-", f"(t+{pair.late}-").replace("gte(t,", f"gte(t+{pair.late},")] * pair.channels)
    long = LENGTH + pair.longer - pair.late
    source = f"aevalsrc='{beeps}':c={LAYOUTS[pair.channels]}:s={pair.rate}:d={long}"
    inputs = ["-f", "lavfi", "-i", PICTURES.format(length=LENGTH), "-itsoffset", pair.late, "-f", "lavfi", "-i", source]
    maps = ["-map", "0:v", "-map", "1:a"]
    if pair.special.startswith("two tracks"):
        (folder / "words.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nwords\n")
        inputs += ["-f", "lavfi", "-i", f"sine=300:d={LENGTH}", "-i", folder / "words.srt"]
        maps += ["-map", "2:a", "-map", "3:s", "-c:s", "srt"]
    if pair.special == "cover":
        ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, folder / "cover.jpg")
        maps += ["-attach", folder / "cover.jpg", "-metadata:s:t", "mimetype=image/jpeg"]
    codecs = ["-c:v", pair.video, "-pix_fmt", "yuv420p", "-g", 12, "-c:a", pair.sound, *pair.extra]
    codecs = [part for part in codecs if part != "aac_latm"] if pair.sound == "aac_latm" else codecs
    if pair.sound == "aac_latm":
        codecs.remove("-c:a")
    ffmpeg(*inputs, *maps, *codecs, path)
    if pair.special == "joined":
        path.write_bytes(path.read_bytes() * 2)
    if pair.damage:
        data = bytearray(path.read_bytes())
        for place in range(len(data) // 3, len(data) * 2 // 3, 2500):
            data[place : place + 40] = bytes(40)
        path.write_bytes(data)
    return path


def draw_over(path: Path, target: Path) -> tuple[int, list[str]]:
    """The annotated copy without faces; how many frames went in, and what was said."""
    video, count = VideoFile(path), 0
    with AnnotatedVideo(target, path) as copy:
        for shot in video:
            copy.write(Frame(path, shot.pixels, [], shot.number, shot.time))
            count += 1
    return count, [*video.notes, *copy.notes]


def decoded(path: Path) -> dict:
    """What a player finds: frames, errors, seconds of sound, when it beeps and flashes."""
    errors = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"], capture_output=True, text=True)
    flashes, frames = flash_times(path)
    placed = ["-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"]  # with the silence before a late start
    plain = ["-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    command = ["ffmpeg", "-v", "quiet", "-copyts", "-i", str(path), *placed, *plain]
    sound = subprocess.run(command, capture_output=True).stdout
    samples = np.frombuffer(sound, np.float32)
    return {
        "frames": frames,
        "errors": len(errors.stderr.splitlines()),
        "seconds": round(len(samples) / RATE, 3),
        "flashes": flashes,
        "beeps": onsets(samples),
        "sound": len(samples) > 0,
    }


def flash_times(path: Path) -> tuple[list[float], int]:
    video = VideoFile(path)
    times, bright, count = [], False, 0
    for shot in video:
        now = float(shot.pixels.mean()) > 128
        if now and not bright:
            times.append(shot.time)
        bright, count = now, count + 1
    return times, count


def onsets(samples: np.ndarray) -> list[float]:
    """When beeps begin, in seconds: loud after 0.2 s of quiet."""
    loud = np.flatnonzero(np.abs(samples) > 0.08)
    if not len(loud):
        return []
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-RATE) > 0.2 * RATE)]
    return [round(float(place) / RATE, 4) for place in starts]


def apart(found: dict) -> float | None:
    """The largest distance of a beep to its flash, in seconds; None where there are no two to compare."""
    flashes = found["flashes"]
    gaps = [
        min(abs(beep - flash) for flash in flashes) for beep in found["beeps"] if flashes and beep < flashes[-1] + 0.5
    ]
    return round(max(gaps), 4) if gaps else None


def measure(pair: Pair, folder: Path) -> dict | None:
    """A row of the table; None where this machine's ffmpeg cannot make the pair."""
    try:
        path = make(pair, folder)
    except subprocess.CalledProcessError as error:
        return {"made": False, "why": error.stderr.decode(errors="replace").strip().splitlines()[-1:]}
    before = decoded(path)
    count, notes = draw_over(path, folder / "copy.mp4")
    after = decoded(folder / "copy.mp4")
    gap, gap_before = apart(after), apart(before)
    row = {
        "frames": f"{after['frames']} of {count}",
        "seconds": [before["seconds"], after["seconds"]],
        "apart": [gap_before, gap],
        "errors": after["errors"],
        "notes": [note.partition(": ")[2] for note in notes],
    }
    same_length = pair.damage or pair.special == "joined" or abs(before["seconds"] - after["seconds"]) <= MOST_LONGER
    in_step = gap is not None and gap <= max(MOST_APART, (gap_before or 0) + 0.01)
    with_sound = same_length and in_step
    said = any("sound" in note for note in notes)
    row["good"] = after["frames"] == count > 0 and not after["errors"] and (with_sound or (said and not after["sound"]))
    return row


def main() -> None:
    found = {}
    wanted = sys.argv[1:]
    table = Table("sound, container", "frames", "sound, s", "apart, ms", "said", "good")
    for pair in PAIRS:
        if wanted and not any(word in pair.name for word in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = found[pair.name] = measure(pair, Path(folder))
        if "good" not in row:
            table.add_row(pair.name, "not made here", "", "", " ".join(row["why"])[:60], "")
            continue
        gap = "-" if row["apart"][1] is None else f"{row['apart'][1] * 1000:.0f}"
        seconds = " -> ".join(f"{value:.2f}" for value in row["seconds"])
        table.add_row(pair.name, row["frames"], seconds, gap, "; ".join(row["notes"]), "yes" if row["good"] else "NO")
    if not wanted:
        write(RESULTS, made(SOUND, found), SOUND)
    Console(width=150).print(table)
    print(json.dumps({"good": sum(row.get("good", False) for row in found.values()), "of": len(found)}))


if __name__ == "__main__":
    main()
