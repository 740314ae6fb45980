"""ONNX Runtime for Android's own machine code on this machine: its x86_64 library as it is, its arm64 library in QEMU.

Android's C library is not here: android_shim.c stands in for what differs from GNU's. The machine code that runs is
unchanged; in copies of the files only the table of the symbols' versions is dropped and two symbols get other names.
"""

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from elftools.elf import elffile

TESTS = Path(__file__).parent
CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")
# The tags of the tables of versions: Android's symbols are of version LIBC, GNU's of GLIBC_...
VERSIONS = {"DT_VERSYM", "DT_VERDEF", "DT_VERDEFNUM", "DT_VERNEED", "DT_VERNEEDNUM"}
RENAMED = {b"fflush": b"othefl", b"sysconf": b"othesys"}
CROSS = "aarch64-linux-gnu"
# Processors of phones, without and with instructions for products of int8, as Linux describes them.
PROCESSORS = {
    "cortex-a72": ("0xd08", "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"),
    "neoverse-n1": ("0xd0c", "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm asimddp"),
}


def phone_runtime() -> Path | None:
    """The AAR; None before `make apk`."""
    return max(CACHE.glob("onnxruntime-android-*.aar"), default=None)


def is_desktop() -> bool:
    """Whether this machine runs the x86_64 library, with gcc for what stands in for Android."""
    glibc = sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
    return glibc and platform.machine() == "x86_64" and bool(shutil.which("gcc"))


def emulator() -> str | None:
    """QEMU for arm64, where there is a compiler for arm64 too."""
    program = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    return program if shutil.which(f"{CROSS}-gcc") else None


def for_gnu(library: bytes) -> bytes:
    """A copy of an Android library that GNU's loader takes."""
    elf, copy = elffile.ELFFile(io.BytesIO(library)), bytearray(library)
    dynamic, names = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynstr")
    for i, tag in enumerate(dynamic.iter_tags()):
        if tag.entry.d_tag in VERSIONS:
            place = dynamic["sh_offset"] + i * dynamic["sh_entsize"]
            copy[place : place + 8] = (21).to_bytes(8, "little")  # DT_DEBUG, which means nothing in a library
    start, end = names["sh_offset"], names["sh_offset"] + names["sh_size"]
    text = bytes(copy[start:end])
    for name, other in RENAMED.items():
        text = text.replace(b"\0" + name + b"\0", b"\0" + other + b"\0")
    copy[start:end] = text
    return bytes(copy)


def unpack(aar: Path, abi: str, folder: Path) -> None:
    """Puts an ABI's libraries, and what stands in for Android's, into a folder for GNU's loader."""
    compiler = "gcc" if abi == "x86_64" else f"{CROSS}-gcc"
    with zipfile.ZipFile(aar) as archive:
        for name in ("libonnxruntime.so", "libonnxruntime4j_jni.so"):
            (folder / name).write_bytes(for_gnu(archive.read(f"jni/{abi}/{name}")))
    shim = ["-o", folder / "libc.so", TESTS / "android_shim.c"]
    link = ["-Wl,-soname,libc.so", "-Wl,--no-as-needed", "-lm", "-ldl"]
    subprocess.run([compiler, "-shared", "-fPIC", "-w", *shim, *link], check=True)
    for name in ("libm", "libdl", "liblog", "libandroid"):
        shutil.copyfile(folder / "libc.so", folder / f"{name}.so")


class Runtime:
    """An ABI's library behind a small C program; it answers for faces.

    Args:
        abi: x86_64 or arm64-v8a.
        folder: An empty folder for what is built.
    """

    def __init__(self, aar: Path, abi: str, folder: Path) -> None:
        self.abi, self.folder = abi, folder
        unpack(aar, abi, folder)
        with zipfile.ZipFile(aar) as archive:
            for name in archive.namelist():
                if re.fullmatch(r"headers/\w+\.h", name):
                    (folder / Path(name).name).write_bytes(archive.read(name))
        compiler = "gcc" if abi == "x86_64" else f"{CROSS}-gcc"
        program = ["-o", folder / "answers", TESTS / "android_answers.c"]
        subprocess.run([compiler, "-O1", f"-I{folder}", *program, "-ldl"], check=True)

    def answers(self, model: Path, faces: np.ndarray, processor: str = "") -> np.ndarray:
        """Reads faces one at a time.

        Args:
            model: The model file.
            faces: uint8 [N, 48, 48].
            processor: For arm64: one of `PROCESSORS`, or another that QEMU knows.

        Returns:
            Probabilities float32 [N, 7].
        """
        program = [self.folder / "answers", self.folder / "libonnxruntime.so", model, str(len(faces))]
        if self.abi == "x86_64":
            command, environment = program, os.environ | {"LD_LIBRARY_PATH": str(self.folder)}
        else:
            root = ["-L", self._root(processor), "-E", f"LD_LIBRARY_PATH={self.folder}"]
            command, environment = [emulator(), "-cpu", processor, *root, *program], dict(os.environ)
        done = subprocess.run(command, input=faces.tobytes(), env=environment, check=True, capture_output=True)
        return np.frombuffer(done.stdout, np.float32).reshape(len(faces), 7)

    def _root(self, processor: str) -> Path:
        """The folder in which the emulated program finds GNU's libraries and what Linux says of the processor."""
        root = self.folder / processor
        cores = root / "sys" / "devices" / "system" / "cpu"
        if cores.is_dir():
            return root
        cores.mkdir(parents=True)
        (root / "proc").mkdir()
        (root / "lib").symlink_to(f"/usr/{CROSS}/lib")
        part, features = PROCESSORS.get(processor, PROCESSORS["neoverse-n1"])
        count = os.cpu_count() or 1
        kind = [f"Features\t: {features}", "CPU implementer\t: 0x41", "CPU architecture: 8", "CPU variant\t: 0x0"]
        kind += [f"CPU part\t: {part}", "CPU revision\t: 0", "", ""]
        said = ["\n".join([f"processor\t: {i}", *kind]) for i in range(count)]
        (root / "proc" / "cpuinfo").write_text("".join(said))
        for name in ("present", "possible", "online"):
            (cores / name).write_text(f"0-{count - 1}\n" if count > 1 else "0\n")
        return root
