"""Builds the Android app: `python3 android/build.py` (or `make apk`), from the built web app.

    out/mien.apk                                    for phones of today (arm64-v8a)
    out/mien-armeabi-v7a.apk, out/mien-x86_64.apk   for older phones, and for Chromebooks and emulators
    out/mien.aab                                    for a store, which makes its own APKs out of it

    --unsigned    stop before the signatures, at out/mien-unsigned.apk and so on: the same bytes from every build

Takes the tools of an installed Android SDK where ANDROID_HOME names one, and otherwise Debian's (`apt install apksigner
zipalign maven openjdk-17-jdk-headless`) with what is pinned in pinned.py. The release key is named by MIEN_KEYSTORE,
MIEN_KEYSTORE_PASSWORD and MIEN_KEY_ALIAS; without them a debug key is made. Nothing but Python's own library is needed.
"""

import argparse
import html
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packing import read_zip, write_apk, write_zip
from pinned import (
    ABIS,
    BUNDLETOOL,
    BUNDLETOOL_NEEDS,
    CACHE,
    DESKTOP_RUNTIME,
    FRAMEWORK,
    LIBRARIES,
    BuildError,
    fetch,
    fetch_aapt2,
    phone_runtime,
)

HERE = Path(__file__).parent
ROOT = HERE.parent
WEB = ROOT / "web" / "dist"
TARGET = ROOT / "out"

MIN_SDK, TARGET_SDK = 26, 36


@dataclass(frozen=True)
class Tools:
    """Programs of the build; framework: the classes and the resources of Android, bundletool: the classpath."""

    aapt2: str
    apksigner: str
    zipalign: str
    framework: Path
    bundletool: str


@dataclass(frozen=True)
class Parts:
    """What every output is made of: the linked resources, for APKs and for the bundle, and files by their name."""

    resources: Path
    bundle_resources: Path
    dexes: dict[str, bytes]
    assets: dict[str, bytes]
    libraries: dict[str, dict[str, bytes]]


def find_tools() -> Tools:
    home = os.environ.get("ANDROID_HOME")
    bundletool = os.pathsep.join(str(fetch(one)) for one in (BUNDLETOOL, *BUNDLETOOL_NEEDS))
    if home:
        versions = sorted(
            (Path(home) / "build-tools").glob("*"), key=lambda path: [*map(_number, path.name.split("."))]
        )
        android = Path(home) / "platforms" / f"android-{TARGET_SDK}" / "android.jar"
        if not versions or not android.is_file():
            raise BuildError(f"{home}: needs build-tools and platforms;android-{TARGET_SDK} (sdkmanager installs them)")
        aapt2, apksigner, zipalign = (str(versions[-1] / name) for name in ("aapt2", "apksigner", "zipalign"))
        return Tools(aapt2, apksigner, zipalign, android, bundletool)
    apksigner, zipalign = shutil.which("apksigner") or "", shutil.which("zipalign") or ""
    if not apksigner or not zipalign:
        raise BuildError("the build tools are missing: apt install apksigner zipalign")
    return Tools(str(fetch_aapt2()), apksigner, zipalign, fetch(FRAMEWORK), bundletool)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def release() -> tuple[int, str]:
    """The version's code and name, from the release: 0.1.0 is 100, 1.2.3 is 10203."""
    name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    numbers = name.split(".")
    if len(numbers) != 3 or not all(part.isdigit() and int(part) < 100 for part in numbers):
        raise BuildError(
            f"pyproject.toml: no version code can be made of version {name!r}; three numbers under 100 can"
        )
    major, minor, patch = map(int, numbers)
    return 10_000 * major + 100 * minor + patch, name


def run(*command: object) -> str:
    """Runs a program and returns what it printed; raises BuildError with its own words where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{Path(str(command[0])).name}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A place to write a file, which then stands at `target` whole or not at all."""
    part = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def make_parts(folder: Path, tools: Tools, runtime: Path) -> Parts:
    """Compiles and collects everything in `folder`; runtime: ONNX Runtime's AAR."""
    if not (WEB / "index.html").is_file():
        raise BuildError("the web app is not built: npm ci && npm run build:static, in web/ (or `make apk`)")
    resources, bundle_resources = link_resources(folder, tools)
    # The tests are compiled with it too.
    shutil.copytree(folder / "java", TARGET / "android-java", dirs_exist_ok=True)
    content = dict(read_zip(runtime))
    dexes = compile_java(folder, tools, content["classes.jar"])
    libraries = {abi: {f"lib/{abi}/{name}": content[f"jni/{abi}/{name}"] for name in LIBRARIES} for abi in ABIS}
    return Parts(resources, bundle_resources, dexes, page_files(), libraries)


def page_files() -> dict[str, bytes]:
    """The page's files and the app's own pages, by their place in the APK."""
    # The service worker keeps a page that came over a network: here all is at hand.
    files = {path for path in WEB.rglob("*") if path.is_file() and path.name != "sw.js"}
    assets = {f"assets/app/{path.relative_to(WEB).as_posix()}": path.read_bytes() for path in files}
    pages = HERE / "pages"
    assets["assets/app/privacy.html"] = (pages / "privacy.html").read_bytes()
    notices = [
        (pages / "notices.txt").read_text(),
        "Apache License 2.0 (Mien, BlazeFace)\n\n" + (ROOT / "LICENSE").read_text(),
        "ONNX Runtime's own notices\n\n" + dict(read_zip(fetch(DESKTOP_RUNTIME)))["ThirdPartyNotices.txt"].decode(),
    ]
    text = html.escape("\n\n\n".join(notices), quote=False)
    page = (pages / "notices.html").read_text().replace("NOTICES", text)
    assets["assets/app/notices.html"] = page.encode()
    return assets


def link_resources(folder: Path, tools: Tools) -> tuple[Path, Path]:
    """Resources, manifest and the list of their numbers (R.java): as an APK keeps them, and as a bundle does."""
    compiled, linked, for_bundle = (folder / name for name in ("resources.zip", "resources.apk", "bundle.apk"))
    code, name = release()
    run(tools.aapt2, "compile", "--dir", HERE / "res", "-o", compiled)
    link = [
        tools.aapt2, "link", "-I", tools.framework, "--manifest", HERE / "AndroidManifest.xml",
        "--java", folder / "java", "--min-sdk-version", MIN_SDK, "--target-sdk-version", TARGET_SDK,
        "--version-code", code, "--version-name", name, compiled,
    ]  # fmt: skip
    run(*link, "-o", linked)
    run(*link, "--proto-format", "-o", for_bundle)
    return linked, for_bundle


def compile_java(folder: Path, tools: Tools, runtime: bytes) -> dict[str, bytes]:
    """The classes as Android takes them; runtime: the jar of ONNX Runtime's classes."""
    classes, dex, api, jar = (folder / name for name in ("classes", "dex", "runtime.jar", "app.jar"))
    dex.mkdir()
    api.write_bytes(runtime)
    sources = [*sorted((HERE / "src" / "main" / "java").rglob("*.java")), folder / "java" / "app" / "mien" / "R.java"]
    run("javac", "-nowarn", "-g:none", "-source", "17", "-target", "17", "-XDstringConcat=inline", "-proc:none",
        "-classpath", f"{tools.framework}:{api}", "-d", classes, *sources)  # fmt: skip
    write_zip(jar, {path.relative_to(classes).as_posix(): path.read_bytes() for path in classes.rglob("*.class")})
    # bundletool carries D8 under a name of its own.
    run("java", "-cp", tools.bundletool, "shadow.bundletool.com.android.tools.r8.D8", "--release",
        "--min-api", MIN_SDK, "--lib", tools.framework, "--output", dex, jar, api)  # fmt: skip
    return {path.name: path.read_bytes() for path in sorted(dex.glob("*.dex"))}


def write_apk_for(abi: str, parts: Parts, target: Path) -> None:
    """An APK without a signature."""
    entries = dict(read_zip(parts.resources)) | parts.dexes | parts.assets | parts.libraries[abi]
    with whole(target) as part:
        write_apk(part, entries)


def write_bundle(parts: Parts, tools: Tools, folder: Path, target: Path) -> None:
    """A bundle without a signature, of all ABIs: a store makes an APK for each phone out of it."""
    entries = {f"dex/{name}": data for name, data in parts.dexes.items()} | parts.assets
    for name, data in read_zip(parts.bundle_resources):
        entries[f"manifest/{name}" if name == "AndroidManifest.xml" else name] = data
    for libraries in parts.libraries.values():
        entries |= libraries
    module, made = folder / "base.zip", folder / "mien.aab"
    write_zip(module, entries)
    run("java", "-cp", tools.bundletool, "com.android.tools.build.bundletool.BundleToolMain", "build-bundle",
        f"--modules={module}", f"--output={made}", f"--config={HERE / 'bundle.json'}")  # fmt: skip
    with whole(target) as part:
        shutil.copyfile(made, part)


def release_key() -> tuple[str, str, str]:
    """The key's file, password and alias; a debug key that is made where none is named."""
    store = os.environ.get("MIEN_KEYSTORE")
    if store:
        password, alias = os.environ.get("MIEN_KEYSTORE_PASSWORD"), os.environ.get("MIEN_KEY_ALIAS")
        if not password or not alias:
            raise BuildError("MIEN_KEYSTORE needs MIEN_KEYSTORE_PASSWORD and MIEN_KEY_ALIAS beside it")
        return store, password, alias
    store, password, alias = str(CACHE / "debug.p12"), "android", "debug"
    if not Path(store).is_file():
        run("keytool", "-genkeypair", "-keystore", store, "-storetype", "PKCS12",
            "-storepass", password, "-alias", alias, "-keyalg", "RSA", "-keysize", "3072",
            "-validity", "10000", "-dname", "CN=Mien debug")  # fmt: skip
    return store, password, alias


def sign(unsigned: Path, target: Path, tools: Tools) -> None:
    """Signs an APK by schemes 2 and 3, a bundle as a JAR; the same key gives the same bytes."""
    store, password, alias = release_key()
    # The password goes by the environment: a command line is for all to see.
    os.environ["MIEN_SIGNING_PASSWORD"] = password
    is_apk = target.suffix == ".apk"
    older, newer = ("false", "true") if is_apk else ("true", "false")
    # A bundle's manifest is not where apksigner looks for the oldest phone.
    oldest = () if is_apk else ("--min-sdk-version", MIN_SDK)
    with whole(target) as part:
        run(tools.apksigner, "sign", "--ks", store, "--ks-key-alias", alias, "--ks-pass", "env:MIEN_SIGNING_PASSWORD",
            "--v1-signing-enabled", older, "--v2-signing-enabled", newer, "--v3-signing-enabled", newer,
            "--v4-signing-enabled", "false", *oldest, "--out", part, unsigned)  # fmt: skip
        if is_apk:
            run(tools.zipalign, "-c", "-p", "4", part)
            run(tools.apksigner, "verify", part)
        elif "jar verified" not in run("jarsigner", "-verify", part):
            raise BuildError(f"{target}: jarsigner does not find it signed")


def build(tools: Tools, runtime: Path, target: Path) -> list[Path]:
    """Writes the APKs and the bundle without signatures into a folder, and returns their paths."""
    names = {abi: "mien-unsigned.apk" if abi == ABIS[0] else f"mien-{abi}-unsigned.apk" for abi in ABIS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = make_parts(folder, tools, runtime)
        for abi in ABIS:
            write_apk_for(abi, parts, target / names[abi])
        write_bundle(parts, tools, folder, target / "mien-unsigned.aab")
    return [*(target / names[abi] for abi in ABIS), target / "mien-unsigned.aab"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds the Android app.")
    parser.add_argument("--unsigned", action="store_true", help="stop before the signatures")
    arguments = parser.parse_args()
    try:
        TARGET.mkdir(exist_ok=True)
        tools = find_tools()
        written = build(tools, phone_runtime(), TARGET)
        if not arguments.unsigned:
            signed = [path.with_name(path.name.replace("-unsigned", "")) for path in written]
            for path, target in zip(written, signed, strict=True):
                sign(path, target, tools)
            written = signed
    except BuildError as error:
        print(f"android/build.py: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
