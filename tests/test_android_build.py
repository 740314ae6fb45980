"""The build of the Android app. Its native libraries are noise of another size here, so that a build takes seconds; the
real ones are in tests/test_android_libraries.py."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SIZES = {"libonnxruntime.so": 1_000_003, "libonnxruntime4j_jni.so": 70_001}


def load(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """android/build.py as a module, with those beside it."""
    monkeypatch.syspath_prepend(str(ROOT / "android"))
    spec = importlib.util.spec_from_file_location("android_build", ROOT / "android" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def android(patch: pytest.MonkeyPatch) -> ModuleType:
    module = load(patch)
    pinned = (module.FRAMEWORK, module.BUNDLETOOL, module.DESKTOP_RUNTIME)
    if not shutil.which("apksigner") or not all((module.CACHE / one.file).is_file() for one in pinned):
        pytest.skip("needs what the Android app is built with: make apk")
    return module


@pytest.fixture(scope="module")
def tools(android: ModuleType) -> Any:
    return android.find_tools()


@pytest.fixture(scope="module")
def runtime(android: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AAR with the desktop's classes, which are the same, and noise for libraries."""
    folder = tmp_path_factory.mktemp("runtime")
    classes, path = folder / "classes.jar", folder / "runtime.aar"
    desktop = android.CACHE / android.DESKTOP_RUNTIME.file
    android.write_zip(classes, {name: data for name, data in android.read_zip(desktop) if name.endswith(".class")})
    noise = np.random.default_rng(0)
    entries = {f"jni/{abi}/{name}": noise.bytes(size) for abi in (*android.ABIS, "x86") for name, size in SIZES.items()}
    android.write_zip(path, {"classes.jar": classes.read_bytes(), **entries})
    return path


@pytest.fixture(scope="module")
def built(
    android: ModuleType, tools: Any, runtime: Path, patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """The APKs and the bundle without signatures, with a page of one file."""
    folder = tmp_path_factory.mktemp("built")
    web = folder / "web"
    web.mkdir()
    (web / "index.html").write_text("<title>Mien</title>")
    (web / "sw.js").write_text("//")
    patch.setattr(android, "WEB", web)
    patch.setattr(android, "TARGET", folder)
    return android.build(tools, runtime, folder)


def libraries(path: Path) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(path) as archive:
        return {one.filename: one for one in archive.infolist() if one.filename.endswith(".so")}


def place(path: Path, entry: zipfile.ZipInfo) -> int:
    """Where an entry's data begins in the archive, in bytes."""
    with path.open("rb") as file:
        file.seek(entry.header_offset + 26)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return entry.header_offset + 30 + name + extra


def test_each_apk_has_the_libraries_of_its_abi_alone_and_they_are_compressed(
    android: ModuleType, built: list[Path]
) -> None:
    *apks, bundle = built
    assert [path.name for path in apks] == [
        "mien-unsigned.apk", "mien-armeabi-v7a-unsigned.apk", "mien-x86_64-unsigned.apk"
    ]  # fmt: skip
    for abi, path in zip(android.ABIS, apks, strict=True):
        found = libraries(path)
        assert set(found) == {f"lib/{abi}/{name}" for name in SIZES}
        assert {one.compress_type for one in found.values()} == {zipfile.ZIP_DEFLATED}
        with zipfile.ZipFile(path) as archive:
            assert b"ai/onnxruntime/OrtSession" in archive.read("classes.dex")
            assert "assets/app/sw.js" not in archive.namelist()
    assert {name.split("/")[2] for name in libraries(bundle)} == set(android.ABIS)


def test_two_builds_give_the_same_bytes(
    android: ModuleType, tools: Any, built: list[Path], runtime: Path, tmp_path: Path
) -> None:
    again = android.build(tools, runtime, tmp_path)
    assert [path.name for path in again] == [path.name for path in built]
    for first, second in zip(built, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_what_a_store_reads_of_the_apk(android: ModuleType, tools: Any, built: list[Path]) -> None:
    code, name = android.release()
    told = android.run(tools.aapt2, "dump", "badging", built[0])
    assert f"package: name='app.mien' versionCode='{code}' versionName='{name}'" in told
    assert re.findall(r"(minSdkVersion|targetSdkVersion):'(\d+)'", told) == [
        ("minSdkVersion", "26"), ("targetSdkVersion", "36")
    ]  # fmt: skip
    assert re.findall("uses-permission: name='(.*?)'", told) == ["android.permission.CAMERA"]
    # Nothing is required: each would hide the app from the devices that lack it.
    assert re.findall("uses-(?:implied-)?feature: name='(.*?)'", told) == []
    assert "uses-feature-not-required: name='android.hardware.camera'" in told
    assert "native-code: 'arm64-v8a'" in told


def test_what_android_reads_of_the_manifest(android: ModuleType, tools: Any, built: list[Path]) -> None:
    told = android.run(tools.aapt2, "dump", "xmltree", "--file", "AndroidManifest.xml", built[0])
    found = dict(re.findall(r"A: \S+/android:(\w+)\(0x\w+\)=(\S+)", told))
    assert {found[name] for name in ("allowBackup", "fullBackupContent", "usesCleartextTraffic")} == {"false"}
    assert {found[name] for name in ("extractNativeLibs", "enableOnBackInvokedCallback")} == {"true"}
    for name in ("dataExtractionRules", "localeConfig", "icon", "theme"):
        assert found[name].startswith("@0x7f"), name
    assert told.count('="android.intent.action.SEND"') == 1
    with zipfile.ZipFile(built[0]) as archive:
        names = set(archive.namelist())
    assert {"res/xml/no_extraction.xml", "res/xml/locales.xml", "res/xml/shortcuts.xml", "res/raw/give.js"} <= names
    assert "res/drawable/icon_monochrome.xml" in {re.sub("-[^/]*", "", name) for name in names}


def test_the_shell_says_everything_in_each_language_that_the_phone_offers_for_it() -> None:
    res = ROOT / "android" / "res"
    offered = re.findall('locale android:name="(.*?)"', (res / "xml" / "locales.xml").read_text())
    assert {f"-{code}" for code in offered if code != "en"} == {
        path.parent.name.removeprefix("values") for path in res.glob("values-*/strings.xml")
    }
    said = {path: re.findall('<string name="([a-z_]+)">', path.read_text()) for path in res.glob("values*/strings.xml")}
    wanted = set(said[res / "values" / "strings.xml"])
    assert len(wanted) > 10
    assert {path.parent.name: set(names) ^ wanted for path, names in said.items() if set(names) != wanted} == {}


def test_the_notices_and_the_policy_are_in_the_app(built: list[Path]) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        notices, policy = (archive.read(f"assets/app/{name}.html").decode() for name in ("notices", "privacy"))
    for words in (
        "ONNX Runtime",
        "MIT License",
        "BlazeFace",
        "FER2013",
        "THIRD PARTY SOFTWARE NOTICES",
        "Apache License",
    ):
        assert words in notices
    # What is not escaped would be the page's own.
    assert notices.count("<pre>") == 1
    assert set(re.findall("</?([a-z]+)", notices.partition("<pre>")[2])) == {"pre", "body", "html"}
    assert 'href="notices.html"' in policy


def test_a_store_makes_of_the_bundle_apks_that_map_their_libraries(
    android: ModuleType, tools: Any, built: list[Path], tmp_path: Path
) -> None:
    made, device = tmp_path / "mien.apks", tmp_path / "phone.json"
    phone = {"supportedAbis": ["arm64-v8a", "armeabi-v7a"], "supportedLocales": ["en"], "screenDensity": 420}
    device.write_text(json.dumps(phone | {"sdkVersion": 36}))
    options = [f"--bundle={built[-1]}", f"--output={made}", f"--aapt2={tools.aapt2}", f"--device-spec={device}"]
    main = "com.android.tools.build.bundletool.BundleToolMain"
    android.run("java", "-cp", tools.bundletool, main, "build-apks", *options)
    with zipfile.ZipFile(made) as archive:
        splits = [Path(archive.extract(name, tmp_path)) for name in archive.namelist() if name.endswith(".apk")]
    found = [(path, one) for path in splits for one in libraries(path).values()]
    assert {one.filename for _, one in found} == {f"lib/arm64-v8a/{name}" for name in SIZES}
    for path, one in found:
        assert one.compress_type == zipfile.ZIP_STORED
        assert place(path, one) % 16384 == 0
    [base] = [path for path in splits if path.name == "base-master.apk"]
    told = android.run(tools.aapt2, "dump", "xmltree", "--file", "AndroidManifest.xml", base)
    assert re.search(r"android:extractNativeLibs\(0x\w+\)=false", told)
    assert re.search(r"android:targetSdkVersion\(0x\w+\)=36", told)


def test_the_release_key_signs(
    android: ModuleType, tools: Any, built: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed, key = tmp_path / "mien.apk", tmp_path / "release.p12"
    subprocess.run(
        ["keytool", "-genkeypair", "-keystore", key, "-storetype", "PKCS12", "-storepass", "a secret", "-alias", "us",
         "-keyalg", "RSA", "-dname", "CN=The release key"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("MIEN_KEYSTORE", str(key))
    with pytest.raises(android.BuildError, match="MIEN_KEY_ALIAS"):
        android.sign(built[0], signed, tools)
    assert not signed.exists()
    monkeypatch.setenv("MIEN_KEYSTORE_PASSWORD", "a secret")
    monkeypatch.setenv("MIEN_KEY_ALIAS", "us")
    android.sign(built[0], signed, tools)
    told = android.run(tools.apksigner, "verify", "--verbose", "--print-certs", signed)
    assert "CN=The release key" in told
    for scheme in (2, 3):
        assert f"(APK Signature Scheme v{scheme}): true" in told
    bundle = tmp_path / "mien.aab"
    android.sign(built[-1], bundle, tools)
    assert "jar verified" in android.run("jarsigner", "-verify", bundle)
    # An archive that is not what was signed is never left behind.
    monkeypatch.setattr(android, "run", lambda *command: "jar is unsigned.")
    with pytest.raises(android.BuildError, match="signed"):
        android.sign(built[-1], tmp_path / "other.aab", tools)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mien.aab", "mien.apk", "release.p12"]


@pytest.mark.parametrize(("name", "code"), [("0.1.0", 100), ("1.2.3", 10203), ("12.0.99", 120099)])
def test_a_release_has_its_code(name: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(monkeypatch)
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{name}"\n')
    monkeypatch.setattr(module, "ROOT", tmp_path)
    assert module.release() == (code, name)


@pytest.mark.parametrize("name", ["1.2", "1.2.3rc1", "1.2.100", "1.2.3.4"])
def test_a_release_without_a_code_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(monkeypatch)
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{name}"\n')
    monkeypatch.setattr(module, "ROOT", tmp_path)
    with pytest.raises(module.BuildError, match="version code"):
        module.release()


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """android/pinned.py without network: no Maven, an npm that packs what is in tmp_path/packed.tgz, an empty cache."""
    load(monkeypatch)
    module = sys.modules["pinned"]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mvn").write_text("#!/bin/sh\nexit 1\n")
    (programs / "npm").write_text(f"#!/bin/sh\ncp {tmp_path}/packed.tgz ./packed.tgz\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.delenv("MIEN_ONNXRUNTIME_AAR", raising=False)
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(module, "REPOSITORY", tmp_path / "repository")
    return module


def pack(folder: Path, member: str, parts: dict[str, bytes]) -> None:
    """An npm package that holds an AAR of some parts."""
    aar = folder / "some.aar"
    with zipfile.ZipFile(aar, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with tarfile.open(folder / "packed.tgz", "w:gz") as archive:
        archive.add(aar, member)


def test_the_runtime_comes_from_npm_where_maven_does_not_serve_it(
    pinned: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {"classes.jar": b"classes", "jni/arm64-v8a/libonnxruntime.so": b"library"}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    monkeypatch.setattr(pinned, "PHONE_RUNTIME_PARTS", hashes)
    pack(tmp_path, pinned.PHONE_RUNTIME_NPM[1], parts)
    path = pinned.phone_runtime()
    assert path.parent == tmp_path / "cache"
    (tmp_path / "packed.tgz").unlink()
    assert pinned.phone_runtime() == path
    # What is in the cache is looked at each time.
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("classes.jar", b"others")
    with pytest.raises(pinned.BuildError, match=r"classes\.jar .* not the pinned"):
        pinned.phone_runtime()


def test_a_runtime_of_other_bytes_is_refused(
    pinned: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(tmp_path, pinned.PHONE_RUNTIME_NPM[1], {"classes.jar": b"others"})
    with pytest.raises(pinned.BuildError, match=r"classes\.jar is [0-9a-f]{64}, not the pinned"):
        pinned.phone_runtime()
    assert not (tmp_path / "cache").exists()
    monkeypatch.setenv("MIEN_ONNXRUNTIME_AAR", str(tmp_path / "some.aar"))
    with pytest.raises(pinned.BuildError, match="not the pinned"):
        pinned.phone_runtime()
    monkeypatch.setenv("MIEN_ONNXRUNTIME_AAR", str(tmp_path / "none.aar"))
    with pytest.raises(pinned.BuildError, match="there is no file"):
        pinned.phone_runtime()


def test_a_runtime_that_nobody_serves_is_said(pinned: ModuleType) -> None:
    with pytest.raises(pinned.NotServedError, match="MIEN_ONNXRUNTIME_AAR"):
        pinned.phone_runtime()
    with pytest.raises(pinned.NotServedError, match=r"bundletool:1\.18\.1:jar cannot be fetched"):
        pinned.fetch(pinned.BUNDLETOOL)
