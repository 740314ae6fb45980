"""The sound of a video on its way into the annotated copy: as it is where MP4 holds it, else as AAC.

Whether it can go as it is, FFmpeg's own MP4 writer is asked beforehand with the first packets. What is encoded anew
keeps its place: gaps are filled with silence, and what lies over each other is cut.
"""

import math
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mien.errors import VideoError
from mien.recognition.extra import load
from mien.recognition.video.clock import Joints
from mien.recognition.video.opening import MAY_JUMP, open_container, reason, video_stream

COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""Sound that MP4 holds as it is; all other becomes AAC."""
TOLD_BY_PACKETS = frozenset({"ac3", "eac3"})
"""Sound whose header MP4 makes of the first packets: these must come before the first pictures are written."""
RATES = frozenset({32000, 44100, 48000})
"""Samples a second that are kept when sound is encoded anew; other sound gets the last of them."""
DRIFT = 0.02
"""Sound that is further from its place than this, in seconds, is moved there."""
LONGEST_GAP = 600.0
"""A silence longer than this, in seconds, is a mistake of the clock and is not filled in."""
OVERLAP = 0.2
"""A packet that lies further before the one that it follows than this, in seconds, tells what was heard already."""
MOST_WAITING = 200
"""Packets of sound that wait for pictures; a silence in the middle of a track is told from a jump after so many."""
TRIED = 64
"""Packets that are written for a try."""
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0(side)", 6: "5.1(side)", 7: "6.1", 8: "7.1"}
"""The usual order of so many channels."""


def mp4_options() -> dict[str, str]:
    """FFmpeg's options for the annotated copy: whole at every moment while it grows.

    At the end it is a plain MP4 where FFmpeg can make one of it; before FFmpeg 8.1 what it made then could not be read.

    Returns:
        Names and values for the muxer.
    """
    from av import library_versions  # who asks has a video open, and PyAV therefore

    plain = library_versions["libavformat"] >= (62, 12)
    return {
        "movflags": f"{'hybrid_fragmented' if plain else 'frag_keyframe'}+delay_moov",
        "frag_duration": "2000000",
    }


class _Way(Protocol):
    """How sound goes into the copy: `take` turns a packet of the source into packets for it, None at the end.

    After the end `lacks` says what could not be had, if anything.
    """

    def take(self, packet: Any) -> Iterator[Any]: ...

    def lacks(self) -> str | None: ...


class Sound:
    """The first or best sound track of a file; `note` says in one line what became of it where it is not whole.

    Args:
        source: The video. Without sound, or where its sound cannot be read, nothing is handed on.
    """

    def __init__(self, source: str | Path) -> None:
        self._av = load("av")
        self._source = source
        self.note: str | None = None
        self._way: _Way | None = None
        self._ended: float | None = None
        self._waiting: Any = None
        try:
            self._container: Any = open_container(source)
        except VideoError:  # who reads the pictures says so
            self._container = None
            return
        self._stream = _best(self._container)
        self._video = video_stream(self._container)
        self._joints = Joints(self._container.format.name in MAY_JUMP)
        self._packets = self._demuxed()

    def add_to(self, output: Any) -> None:
        """Give the copy a track for the sound, if there is any that can be had.

        Args:
            output: PyAV's container.
        """
        if self._container is None or not self._container.streams.audio:
            return
        if self._stream is None:
            return self.leave_out(ValueError("of an unknown kind"))
        try:
            self._way = self._choose(output)
        except (self._av.FFmpegError, ValueError, TypeError) as error:
            self.leave_out(error)

    def until(self, time: float) -> Iterator[Any]:
        """Packets for the copy, of the sound that starts before a time.

        Args:
            time: In seconds; infinite for all that is left.

        Yields:
            PyAV's packets, in order.
        """
        while self._way is not None:
            if self._waiting is None:
                self._waiting = next(self._packets, None)
            packet = self._waiting
            try:
                if packet is None:
                    way, self._way = self._way, None
                    yield from way.take(None)
                    if (lacking := way.lacks()) is not None:
                        self.note = f"{self._source}: {lacking}"
                    return
                if packet.pts is not None and float(packet.pts * packet.time_base) > time:
                    return
                self._waiting = None
                yield from self._way.take(packet)
            except (self._av.FFmpegError, ValueError) as error:
                self.leave_out(error)

    def leave_out(self, error: Exception) -> None:
        """End the sound here and note why.

        Args:
            error: What was raised; its reason stands in the note.
        """
        self._way = None
        since = "left out" if self._ended is None else f"left out from {self._ended:.1f} s on"
        self.note = f"{self._source}: its sound is {since} in the annotated copy ({reason(error)})"

    def close(self) -> None:
        """Let go of the file."""
        if self._container is not None:
            self._container.close()

    def _choose(self, output: Any) -> _Way:
        name = self._stream.codec_context.name
        if name in COPIED and _mp4_takes(self._av, self._source, name):
            return _Copied(output.add_stream_from_template(self._stream))
        if not _order_channels(self._av, self._container, self._stream):
            raise ValueError("its channels are in an order that cannot be decoded")
        return _Encoded(self._av, self._stream, output)

    def _demuxed(self) -> Iterator[Any]:
        """The packets of sound in order, on the pictures' corrected clock; damage ends them.

        Sound that jumps waits for the pictures, which may lie behind it in the file, to tell how far.
        """
        waiting: list[Any] = []
        for packet in self._read():
            if packet.stream.index != self._stream.index:
                jumps = len(self._joints.jumps)
                self._joints.move(packet)
                if len(self._joints.jumps) > jumps:
                    yield from self._moved(waiting)
                    waiting = []
            elif packet.size:
                if not waiting and self._joints.follows(packet, self._ended):
                    yield from self._moved([packet])
                    continue
                waiting.append(packet)
                if len(waiting) == MOST_WAITING:
                    yield from self._moved(waiting)
                    waiting = []
        yield from self._moved(waiting)

    def _moved(self, packets: list[Any]) -> Iterator[Any]:
        for packet in packets:
            self._joints.move_sound(packet, self._ended)
            if packet.pts is not None:
                self._ended = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            yield packet

    def _read(self) -> Iterator[Any]:
        packets = self._container.demux([stream for stream in (self._video, self._stream) if stream is not None])
        with suppress(self._av.FFmpegError):
            yield from packets


class _Copied:
    """Packets as they are. One without a time, or with the last one's, follows on it; older ones are dropped."""

    def __init__(self, track: Any) -> None:
        self._track = track
        self._last = self._following = -math.inf

    def take(self, packet: Any) -> Iterator[Any]:
        if packet is None:
            return
        unit = float(packet.time_base)
        stamp = packet.pts if packet.dts is None else packet.dts
        time = self._following if stamp is None else stamp * unit
        if time <= self._last:
            if self._last - time > OVERLAP:
                return
            time = self._following
        if not math.isfinite(time):
            return
        if stamp is None or time != stamp * unit:
            packet.pts = packet.dts = round(time / unit)
        self._last, self._following = time, time + max((packet.duration or 0) * unit, 1e-3)
        packet.stream = self._track
        yield packet

    def lacks(self) -> str | None:
        return None


class _Encoded:
    """Decoded, brought to one rate and to mono or stereo, put in its place, and encoded as AAC."""

    def __init__(self, av: Any, stream: Any, output: Any) -> None:
        self._av, self._decoder = av, stream.codec_context
        rate = stream.codec_context.sample_rate
        self._rate = rate if rate in RATES else 44100 if rate in (11025, 22050, 88200, 176400) else 48000
        self._layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        self._track = output.add_stream("aac", rate=self._rate)
        self._track.codec_context.layout = self._layout
        self._resampler: Any = None
        self._kind: tuple[Any, ...] = ()
        self._decoded_to: float | None = None
        self._written = 0
        self._too_many = 0
        self._bad = 0

    def take(self, packet: Any) -> Iterator[Any]:
        try:
            frames = self._decoder.decode(packet)  # None gives what the decoder held back
        except self._av.FFmpegError:  # what is damaged becomes silence
            self._bad, frames = self._bad + (packet is not None), []
        for frame in frames:
            if frame.samples and frame.sample_rate:
                yield from self._placed(frame)
        if packet is None and self._resampler is not None:
            yield from self._encoded(self._resampler.resample(None))
            yield from self._track.encode(None)

    def lacks(self) -> str | None:
        if self._decoded_to is None:
            return "its sound is left out in the annotated copy (it cannot be decoded)"
        return f"its sound is damaged in {self._bad} places, which are silent in the copy" if self._bad else None

    def _placed(self, frame: Any) -> Iterator[Any]:
        """Encode a frame at its time, after as much silence, or without as many samples, as it takes."""
        time = None if frame.pts is None or not frame.time_base else float(frame.pts * frame.time_base)
        if self._decoded_to is None:
            self._decoded_to = time or 0.0
            self._written = round(self._decoded_to * self._rate)
        late = 0.0 if time is None else time - self._decoded_to
        if DRIFT < late < LONGEST_GAP:
            yield from self._silence(round(late * self._rate))
        elif late < -DRIFT:
            self._too_many = round(-late * self._rate)
        if abs(late) > DRIFT:
            self._decoded_to += late
        self._decoded_to += frame.samples / frame.sample_rate
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            if self._resampler is not None:
                yield from self._encoded(self._resampler.resample(None))
            self._kind = kind
            self._resampler = self._av.AudioResampler(format="fltp", layout=self._layout, rate=self._rate)
        frame.pts = None
        yield from self._encoded(self._resampler.resample(frame))

    def _silence(self, samples: int) -> Iterator[Any]:
        channels = 1 if self._layout == "mono" else 2
        for start in range(0, samples, self._rate):
            yield from self._write(np.zeros((channels, min(self._rate, samples - start)), np.float32))

    def _encoded(self, frames: list[Any]) -> Iterator[Any]:
        for frame in frames:
            if frame is not None and frame.samples:
                samples = frame.to_ndarray()
                dropped = min(self._too_many, samples.shape[1])
                self._too_many -= dropped
                if dropped < samples.shape[1]:
                    yield from self._write(np.ascontiguousarray(samples[:, dropped:]))

    def _write(self, samples: np.ndarray) -> Iterator[Any]:
        """float32 [channels, N]; not a number or louder than can be becomes what can be."""
        samples = np.clip(np.nan_to_num(samples), -1, 1)
        frame = self._av.AudioFrame.from_ndarray(samples, format="fltp", layout=self._layout)
        frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._written
        self._written += samples.shape[1]
        yield from self._track.encode(frame)


def _best(container: Any) -> Any:
    """The track that a player plays: the one marked as default, else the first."""
    tracks = [track for track in container.streams.audio if track.codec_context is not None]
    marked = load("av").stream.Disposition.default
    return next((track for track in tracks if track.disposition & marked), tracks[0] if tracks else None)


def _mp4_takes(av: Any, source: str | Path, name: str) -> bool:
    """Whether a try with the first packets gives an MP4 with the same sound in it."""
    with open_container(source) as container:
        stream = _best(container)
        if stream.codec_context.sample_rate <= 0:
            return False
        tried = BytesIO()
        packets: deque[Any] = deque()
        for packet in container.demux(stream):
            if packet.size and (packet.pts is not None or packet.dts is not None):
                packets.append(packet)
            if len(packets) == TRIED:
                break
        if not packets:
            return False
        first = packets[0].pts or 0
        if name in TOLD_BY_PACKETS and float(first * stream.time_base) > 1 + _start(container):
            return False
        try:
            with av.open(tried, "w", format="mp4", options=mp4_options()) as output:
                track = output.add_stream_from_template(stream)
                for packet in packets:
                    packet.stream = track
                    output.mux(packet)
            tried.seek(0)
            with av.open(tried) as written:
                found = written.streams.audio[0]
                same = found.codec_context.name == name and found.codec_context.sample_rate > 0
                return same and sum(packet.size > 0 for packet in written.demux(found)) == len(packets)
        except (av.FFmpegError, ValueError, IndexError):
            return False


def _start(container: Any) -> float:
    return (container.start_time or 0) / load("av").time_base


def _order_channels(av: Any, container: Any, stream: Any) -> bool:
    """Give channels in an order of the file's own the usual order; False where that is not possible.

    PyAV 17.1 to 18.1 at least ends the whole process (a double free) as soon as it makes an object of an order of the
    file's own, as a MOV with eight channels of PCM has it. What FFmpeg writes about the file tells without one.
    """
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        told = container.dumps_format()
    finally:
        av.logging.set_level(level)
    line = next((line for line in told.splitlines() if re.search(rf"Stream #\d+:{stream.index}\D.*Audio: ", line)), "")
    unusual = re.search(r", (\d+) channels( \()?", line)  # with the channels' names where the order is the file's own
    if unusual is None:
        return True
    known = int(unusual[1]) in LAYOUTS
    if known:
        stream.codec_context.layout = LAYOUTS[int(unusual[1])]
    return not unusual[2] or (known and stream.codec_context.name.startswith(("pcm_", "adpcm_")))  # others put it back
