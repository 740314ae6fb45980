"""Builds the Android app: `python3 android/build.py` (or `make apk`), from the built web app to out/mien.apk.

    --unsigned    stop before the signature, at out/mien-unsigned.apk: the same bytes from every build

Takes the tools of an installed Android SDK where ANDROID_HOME names one, and Debian's with pinned jars otherwise
(`apt install aapt android-framework-res apksigner zipalign maven openjdk-17-jdk-headless`). The release key is named
by MIEN_KEYSTORE, MIEN_KEYSTORE_PASSWORD and MIEN_KEY_ALIAS; without them a debug key is made. Nothing but Python's own
library is needed.
"""

import argparse
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
WEB = ROOT / "web" / "dist"
TARGET = ROOT / "out"
CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")

MIN_SDK, TARGET_SDK = 26, 35
VERSION_CODE, VERSION_NAME = 1, "0.1.0"
ABI = "arm64-v8a"
# Native libraries stand at whole pages of the newest phones, so that they run from the APK without being unpacked.
PAGE = 16384

ONNXRUNTIME = "1.23.2"


class BuildError(Exception):
    """The app cannot be built; the text says what to do."""


@dataclass(frozen=True)
class Pinned:
    """A file from Maven Central."""

    group: str
    name: str
    version: str
    kind: str
    sha256: str


# The framework to compile against, the tests' desktop runtime (the same Java API), and the phone's runtime.
FRAMEWORK = Pinned(
    "org.robolectric", "android-all", "15-robolectric-12650502", "jar",
    "6c0670454f6fcee9f1b17aa393e81d71bf26e7e6ae7c5777ed3924b062191d5b",
)  # fmt: skip
DESKTOP_RUNTIME = Pinned(
    "com.microsoft.onnxruntime", "onnxruntime", ONNXRUNTIME, "jar",
    "e0ab4a1af57d2da09097202f2dfd691e390c82e81183314788ccde4cf7c3cc38",
)  # fmt: skip
# The hash as the Memori project publishes it; the file itself was not at hand when this was written (docs/android.md).
PHONE_RUNTIME = Pinned(
    "com.microsoft.onnxruntime", "onnxruntime-android", ONNXRUNTIME, "aar",
    "82048d1f462218adae4ba76477089ab0ba76093d84f733540066db1a8ba6b827",
)  # fmt: skip
# D8 turns Java's class files into Android's; Maven Central has it only inside of bundletool, and that in this wheel.
D8_WHEEL = ("mobsf==4.4.0", "74329efc7eee885ca6b9448726ca448c6f5c7ca80ec3dc9a98ee11fb7cd7c0d4")
D8_JAR = ("bundletool-all-1.17.2.jar", "2d4ad908faea64047c1cc9cb747e6aa667c6ab192e09607bd16b67246a8cd6ae")


@dataclass(frozen=True)
class Tools:
    """Programs of the build; framework: the classes, resources: the framework's resources, d8: the jar with D8."""

    aapt2: str
    apksigner: str
    zipalign: str
    framework: Path
    resources: Path
    d8: Path


def find_tools() -> Tools:
    home = os.environ.get("ANDROID_HOME")
    if home:
        versions = sorted(
            (Path(home) / "build-tools").glob("*"), key=lambda path: [*map(_number, path.name.split("."))]
        )
        android = Path(home) / "platforms" / f"android-{TARGET_SDK}" / "android.jar"
        if not versions or not android.is_file():
            raise BuildError(f"{home}: needs build-tools and platforms;android-{TARGET_SDK} (sdkmanager installs them)")
        last = versions[-1]
        programs = [str(last / name) for name in ("aapt2", "apksigner", "zipalign")]
        return Tools(*programs, android, android, last / "lib" / "d8.jar")
    found = [shutil.which(name) for name in ("aapt2", "apksigner", "zipalign")]
    resources = Path("/usr/share/android-framework-res/framework-res.apk")
    if None in found or not resources.is_file():
        raise BuildError("the build tools are missing: apt install aapt android-framework-res apksigner zipalign")
    return Tools(*map(str, found), fetch(FRAMEWORK), resources, fetch_d8())


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def fetch(pinned: Pinned) -> Path:
    """The file, from the cache or by Maven; raises BuildError where it is not to be had or has another hash."""
    path = CACHE / f"{pinned.name}-{pinned.version}.{pinned.kind}"
    if not path.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        parts = (pinned.group, pinned.name, pinned.version, pinned.kind)
        copy = (
            Path.home()
            / ".m2"
            / "repository"
            / pinned.group.replace(".", "/")
            / pinned.name
            / pinned.version
            / path.name
        )
        get = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
        if not copy.is_file():
            print(f"fetching {path.name} ...", flush=True)
            maven = ["mvn", "-q", "-B", get, "-Dartifact=" + ":".join(parts), "-Dtransitive=false"]
            subprocess.run(maven, stdout=subprocess.DEVNULL, check=False)
        if not copy.is_file():
            raise BuildError(f"{':'.join(parts)} cannot be fetched from Maven Central")
        check(copy, pinned.sha256)
        _put(copy, path)
    check(path, pinned.sha256)
    return path


def fetch_d8() -> Path:
    name, sha256 = D8_JAR
    path = CACHE / name
    if not path.is_file():
        requirement, wheel_hash = D8_WHEEL
        with tempfile.TemporaryDirectory() as folder:
            print(f"fetching {requirement}, for D8 ...", flush=True)
            run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, requirement)
            [wheel] = Path(folder).iterdir()
            check(wheel, wheel_hash)
            with zipfile.ZipFile(wheel) as archive:
                [member] = [one for one in archive.namelist() if one.endswith("/" + name)]
                extracted = Path(archive.extract(member, folder))
            CACHE.mkdir(parents=True, exist_ok=True)
            _put(extracted, path)
    check(path, sha256)
    return path


def _put(source: Path, path: Path) -> None:
    """Copies a file so that it is there whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    shutil.copyfile(source, part)
    part.replace(path)


def check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise BuildError(f"{path}: its SHA-256 is {found}, not the pinned {sha256}; delete it and try again")


def phone_runtime() -> Path | None:
    """ONNX Runtime for Android, from MIEN_ONNXRUNTIME_AAR or Maven Central; None where neither has it."""
    named = os.environ.get("MIEN_ONNXRUNTIME_AAR")
    if named:
        check(Path(named), PHONE_RUNTIME.sha256)
        return Path(named)
    try:
        return fetch(PHONE_RUNTIME)
    except BuildError as error:
        if "cannot be fetched" not in str(error):
            raise
        return None


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{Path(str(command[0])).name}: {(done.stderr or done.stdout).strip()}")


def build(target: Path, tools: Tools, runtime: Path | None) -> None:
    """Writes the APK without a signature; runtime: the AAR, or None for an app that only has WebAssembly."""
    if not (WEB / "index.html").is_file():
        raise BuildError("the web app is not built: npm ci && npm run build:static, in web/ (or `make apk`)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        resources = link_resources(folder, tools)
        # The tests are compiled with it too.
        shutil.copytree(folder / "java", TARGET / "android-java", dirs_exist_ok=True)
        dexes = compile_java(folder, tools, runtime)
        entries = dict(read_zip(resources))
        entries |= {path.name: path.read_bytes() for path in dexes}
        for path in WEB.rglob("*"):
            # The service worker keeps a page that came over a network: here all is at hand.
            if path.is_file() and path.name != "sw.js":
                entries[f"assets/app/{path.relative_to(WEB).as_posix()}"] = path.read_bytes()
        if runtime:
            entries |= {f"lib/{name[4:]}": data for name, data in read_zip(runtime) if name.startswith(f"jni/{ABI}/")}
        part = target.with_name(f"{target.name}.{os.getpid()}")
        write_apk(part, entries)
        part.replace(target)


def link_resources(folder: Path, tools: Tools) -> Path:
    """Resources, manifest and the list of their numbers (R.java)."""
    compiled, linked = folder / "resources.zip", folder / "resources.apk"
    run(tools.aapt2, "compile", "--dir", HERE / "res", "-o", compiled)
    run(
        tools.aapt2, "link", "-o", linked, "-I", tools.resources, "--manifest", HERE / "AndroidManifest.xml",
        "--java", folder / "java", "--min-sdk-version", MIN_SDK, "--target-sdk-version", TARGET_SDK,
        "--version-code", VERSION_CODE, "--version-name", VERSION_NAME, compiled,
    )  # fmt: skip
    return linked


def compile_java(folder: Path, tools: Tools, runtime: Path | None) -> list[Path]:
    """The classes as Android takes them; without a runtime for the phone they are compiled against the desktop's."""
    classes, dex = folder / "classes", folder / "dex"
    dex.mkdir()
    if runtime:
        api = folder / "runtime.jar"
        api.write_bytes(dict(read_zip(runtime))["classes.jar"])
    else:
        api = fetch(DESKTOP_RUNTIME)
    sources = [*sorted((HERE / "src" / "main" / "java").rglob("*.java")), folder / "java" / "app" / "mien" / "R.java"]
    run("javac", "-nowarn", "-g:none", "-source", "17", "-target", "17", "-XDstringConcat=inline", "-proc:none",
        "-classpath", f"{tools.framework}:{api}", "-d", classes, *sources)  # fmt: skip
    jar = folder / "app.jar"
    write_zip(jar, {path.relative_to(classes).as_posix(): path.read_bytes() for path in classes.rglob("*.class")})
    run("java", "-cp", tools.d8, "com.android.tools.r8.D8", "--release", "--min-api", MIN_SDK, "--lib", tools.framework,
        "--output", dex, jar, *([api] if runtime else ["--classpath", api]))  # fmt: skip
    return sorted(dex.glob("*.dex"))


def read_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                yield name, archive.read(name)


def write_zip(path: Path, entries: dict[str, bytes]) -> None:
    """In the order of the names and with one time, so that the same content gives the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries):
            archive.writestr(zipfile.ZipInfo(name), entries[name])


def write_apk(path: Path, entries: dict[str, bytes]) -> None:
    """As `write_zip`, compressed, except what Android maps into memory: that stands at whole words or pages.

    The places are filled up by the extra field 0xd935, in which zipalign and apksigner keep an entry's alignment.
    """
    stored = {".so": PAGE, ".arsc": 4, ".png": 4}
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries, key=lambda name: (name != "AndroidManifest.xml", name)):
            info = zipfile.ZipInfo(name)
            alignment = stored.get(Path(name).suffix)
            if alignment is None:
                info.compress_type = zipfile.ZIP_DEFLATED
            else:
                start = archive.start_dir + 30 + len(name.encode()) + 6
                fill = -start % alignment
                info.extra = struct.pack("<HHH", 0xD935, 2 + fill, alignment) + bytes(fill)
            archive.writestr(info, entries[name], compresslevel=9)


def sign(unsigned: Path, target: Path, tools: Tools) -> None:
    """Signs by schemes 1, 2 and 3; the same key gives the same bytes."""
    store = os.environ.get("MIEN_KEYSTORE")
    if store:
        password, alias = os.environ.get("MIEN_KEYSTORE_PASSWORD"), os.environ.get("MIEN_KEY_ALIAS")
        if not password or not alias:
            raise BuildError("MIEN_KEYSTORE needs MIEN_KEYSTORE_PASSWORD and MIEN_KEY_ALIAS beside it")
    else:
        store, password, alias = str(CACHE / "debug.p12"), "android", "debug"
        if not Path(store).is_file():
            run("keytool", "-genkeypair", "-keystore", store, "-storetype", "PKCS12",
                "-storepass", password, "-alias", alias, "-keyalg", "RSA", "-keysize", "3072",
                "-validity", "10000", "-dname", "CN=Mien debug")  # fmt: skip
    part = target.with_name(f"{target.name}.{os.getpid()}")
    # The password goes by the environment: a command line is for all to see.
    os.environ["MIEN_SIGNING_PASSWORD"] = password
    run(tools.apksigner, "sign", "--ks", store, "--ks-key-alias", alias, "--ks-pass", "env:MIEN_SIGNING_PASSWORD",
        "--v1-signing-enabled", "true", "--v2-signing-enabled", "true", "--v3-signing-enabled", "true",
        "--v4-signing-enabled", "false", "--out", part, unsigned)  # fmt: skip
    run(tools.zipalign, "-c", "-p", "4", part)
    run(tools.apksigner, "verify", part)
    part.replace(target)


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds the Android app.")
    parser.add_argument("--unsigned", action="store_true", help="stop before the signature")
    arguments = parser.parse_args()
    try:
        TARGET.mkdir(exist_ok=True)
        tools, runtime = find_tools(), phone_runtime()
        unsigned, target = TARGET / "mien-unsigned.apk", TARGET / "mien.apk"
        build(unsigned, tools, runtime)
        if arguments.unsigned:
            target = unsigned
        else:
            sign(unsigned, target, tools)
    except BuildError as error:
        print(f"android/build.py: {error}", file=sys.stderr)
        return 1
    if runtime is None:
        print(
            f"Without the native engine: onnxruntime-android {ONNXRUNTIME} is not to be had here; the app uses "
            "WebAssembly. MIEN_ONNXRUNTIME_AAR=FILE names a copy."
        )
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
