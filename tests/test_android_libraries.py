"""The Android app's native libraries, as far as a machine that is no phone can judge them: what they ask of Android,
and whether they have what the Java classes ask of them."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from pathlib import Path

import pytest

elffile = pytest.importorskip("elftools.elf.elffile")

CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")
APK = Path(__file__).parents[1] / "out"
ABIS = {"arm64-v8a": ("EM_AARCH64", 64), "armeabi-v7a": ("EM_ARM", 32), "x86_64": ("EM_X86_64", 64)}
RUNTIME, BRIDGE = "libonnxruntime.so", "libonnxruntime4j_jni.so"
# Libraries that Android 8.0 (API 26) opens to apps: developer.android.com/ndk/guides/stable_apis.
PUBLIC = {
    "libEGL.so", "libGLESv1_CM.so", "libGLESv2.so", "libGLESv3.so", "libOpenMAXAL.so", "libOpenSLES.so", "libaaudio.so",
    "libandroid.so", "libc.so", "libcamera2ndk.so", "libdl.so", "libjnigraphics.so", "liblog.so", "libm.so",
    "libmediandk.so", "libnativewindow.so", "libstdc++.so", "libsync.so", "libvulkan.so", "libz.so",
}  # fmt: skip
# Android's C library names the release in which a symbol came: N is Android 7, O is Android 8; P and later are too new.
OLD_ENOUGH = {"LIBC", "LIBC_N", "LIBC_O"}
# liblog's symbols carry no version; these three are as old as the NDK.
UNVERSIONED = {"__android_log_print", "__android_log_vprint", "__android_log_write"}


@pytest.fixture(scope="module")
def aar() -> Path:
    found = sorted(CACHE.glob("onnxruntime-android-*.aar"))
    if not found:
        pytest.skip("needs ONNX Runtime for Android: make apk")
    return found[-1]


def library(aar: Path, abi: str, name: str) -> "elffile.ELFFile":
    with zipfile.ZipFile(aar) as archive:
        return elffile.ELFFile(io.BytesIO(archive.read(f"jni/{abi}/{name}")))


def symbols(elf: "elffile.ELFFile") -> list[tuple[str, str, bool, bool]]:
    """Name, version (empty without one), whether it is asked of others, and whether it may be missing."""
    versions, needs = elf.get_section_by_name(".gnu.version"), elf.get_section_by_name(".gnu.version_r")
    found = []
    for i, symbol in enumerate(elf.get_section_by_name(".dynsym").iter_symbols()):
        number = versions.get_symbol(i)["ndx"]
        version = needs.get_version(number)[1].name if isinstance(number, int) and needs.get_version(number) else ""
        asked = symbol["st_shndx"] == "SHN_UNDEF"
        found.append((symbol.name, version, asked, symbol["st_info"]["bind"] == "STB_WEAK"))
    return [one for one in found if one[0]]


@pytest.mark.parametrize("abi", ABIS)
@pytest.mark.parametrize("name", [RUNTIME, BRIDGE])
class TestLibrary:
    def test_it_is_for_its_processor(self, aar: Path, abi: str, name: str) -> None:
        elf = library(aar, abi, name)
        assert (elf["e_machine"], elf.elfclass, elf["e_type"]) == (*ABIS[abi], "ET_DYN")

    def test_it_needs_only_what_android_8_opens_to_apps(self, aar: Path, abi: str, name: str) -> None:
        dynamic = library(aar, abi, name).get_section_by_name(".dynamic")
        needed = {tag.needed for tag in dynamic.iter_tags("DT_NEEDED")}
        assert "libc.so" in needed
        assert needed - PUBLIC == ({RUNTIME} if name == BRIDGE else set())

    def test_it_asks_for_no_symbol_that_is_newer(self, aar: Path, abi: str, name: str) -> None:
        asked = [one for one in symbols(library(aar, abi, name)) if one[2]]
        own = {version for _, version, *_ in asked if version.startswith("VERS_")}
        assert {version for _, version, *_ in asked} - own <= OLD_ENOUGH | {""}
        assert {symbol for symbol, version, _, weak in asked if not version and not weak} <= UNVERSIONED
        assert len(asked) > 10

    def test_its_text_is_never_written(self, aar: Path, abi: str, name: str) -> None:
        elf = library(aar, abi, name)
        tags = list(elf.get_section_by_name(".dynamic").iter_tags())
        assert not [tag for tag in tags if tag.entry.d_tag == "DT_TEXTREL"]
        assert not [tag for tag in tags if tag.entry.d_tag == "DT_FLAGS" and tag.entry.d_val & 4]  # DF_TEXTREL
        for segment in elf.iter_segments():
            if segment["p_type"] in {"PT_LOAD", "PT_GNU_STACK"}:
                assert segment["p_flags"] & 3 != 3, "a segment that is both written and run"
        assert [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_GNU_RELRO"]

    def test_it_stands_at_pages_of_16_kb(self, aar: Path, abi: str, name: str) -> None:
        loaded = [segment for segment in library(aar, abi, name).iter_segments() if segment["p_type"] == "PT_LOAD"]
        assert loaded
        for segment in loaded:
            assert segment["p_align"] % 16384 == 0
            assert (segment["p_vaddr"] - segment["p_offset"]) % 16384 == 0


# ONNX Runtime's builds from 1.29 on carry Microsoft's telemetry, in native code and in Java.
REPORTS = re.compile(rb"OneCollector|events\.data\.microsoft|TELEMETRY|/telemetry/|URLConnection|TelemetryInitializer")


def test_nothing_in_the_runtime_reports_to_anybody(aar: Path) -> None:
    with zipfile.ZipFile(aar) as archive, zipfile.ZipFile(io.BytesIO(archive.read("classes.jar"))) as classes:
        parts = {name: archive.read(name) for name in archive.namelist() if name.endswith(".so")}
        parts |= {name: classes.read(name) + name.encode() for name in classes.namelist()}
    assert {name: REPORTS.findall(data) for name, data in parts.items() if REPORTS.search(data)} == {}


@pytest.mark.parametrize("abi", ABIS)
def test_the_bridge_finds_the_runtime_that_it_was_made_for(aar: Path, abi: str) -> None:
    asked = {(symbol, version) for symbol, version, wanted, _ in symbols(library(aar, abi, BRIDGE)) if wanted}
    own = {symbol for symbol, version in asked if version.startswith("VERS_")}
    assert "OrtGetApiBase" in own
    [version] = {version for _, version in asked if version.startswith("VERS_")}
    assert aar.stem == f"onnxruntime-android-{version.removeprefix('VERS_')}"
    assert own <= {symbol for symbol, _, wanted, _ in symbols(library(aar, abi, RUNTIME)) if not wanted}


def escaped(text: str) -> str:
    """A name as the Java Native Interface writes it in a symbol."""
    marks = {"/": "_", "_": "_1", ";": "_2", "[": "_3"}
    return "".join(marks.get(one) or (one if one.isascii() and one.isalnum() else f"_0{ord(one):04x}") for one in text)


def entries(classes: Path) -> set[str]:
    """The symbols that the native methods of a jar's classes are looked for under (JNI specification, chapter 2)."""
    with zipfile.ZipFile(classes) as archive:
        names = [name.removesuffix(".class") for name in archive.namelist() if re.fullmatch(r"ai/.*\.class", name)]
    found = set()
    command = ["javap", "-p", "-s", "-cp", classes, *(name.replace("/", ".") for name in names)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for part in re.split(r"(?m)^Compiled from .*\n", told)[1:]:
        owner = re.search(r"(?:class|interface|enum) ([\w.$]+)", part)
        assert owner is not None
        methods = re.findall(r"\bnative [^\n]*?([\w$]+)\([^\n]*\n\s+descriptor: \((.*)\)", part)
        overloaded = Counter(name for name, _ in methods)
        for name, arguments in methods:
            symbol = f"Java_{escaped(owner[1].replace('.', '/'))}_{escaped(name)}"
            found.add(symbol + (f"__{escaped(arguments)}" if overloaded[name] > 1 else ""))
    return found


@pytest.mark.parametrize("abi", ABIS)
def test_the_bridge_has_every_entry_that_the_java_classes_name(aar: Path, abi: str, tmp_path: Path) -> None:
    if not shutil.which("javap"):
        pytest.skip("needs Java: make apk")
    classes = tmp_path / "classes.jar"
    with zipfile.ZipFile(aar) as archive:
        classes.write_bytes(archive.read("classes.jar"))
    wanted = entries(classes)
    assert "Java_ai_onnxruntime_OrtSession_run" in wanted
    assert len(wanted) > 100
    had = {symbol for symbol, _, asked, _ in symbols(library(aar, abi, BRIDGE)) if not asked}
    assert wanted - had == set()
    assert "JNI_OnLoad" in had


@pytest.mark.parametrize("abi", ABIS)
def test_the_signed_app_holds_these_very_libraries_and_is_small_enough(aar: Path, abi: str) -> None:
    path = APK / ("mien.apk" if abi == "arm64-v8a" else f"mien-{abi}.apk")
    if not path.is_file():
        pytest.skip("needs the Android app: make apk")
    assert path.stat().st_size < 60e6
    with zipfile.ZipFile(path) as apk, zipfile.ZipFile(aar) as archive:
        held = {name for name in apk.namelist() if name.endswith(".so")}
        assert held == {f"lib/{abi}/{name}" for name in (RUNTIME, BRIDGE)}
        for name in held:
            assert apk.read(name) == archive.read(f"jni/{name.removeprefix('lib/')}")
