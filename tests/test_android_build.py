"""The build of the Android app where it holds a native engine: a stand-in is in its place, only its size differs."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
LIBRARIES = {"libonnxruntime.so": 1_000_003, "libonnxruntime4j_jni.so": 70_001}


@pytest.fixture(scope="module")
def android() -> ModuleType:
    spec = importlib.util.spec_from_file_location("android_build", ROOT / "android" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    kept = [module.CACHE / module.D8_JAR[0], module.WEB / "index.html"]
    kept += [module.CACHE / f"{one.name}-{one.version}.jar" for one in (module.FRAMEWORK, module.DESKTOP_RUNTIME)]
    if not shutil.which("apksigner") or not all(path.is_file() for path in kept):
        pytest.skip("needs what the Android app is built with: make apk")
    return module


@pytest.fixture(scope="module")
def runtime(android: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AAR with the desktop's classes, which are the same, and noise for libraries."""
    folder = tmp_path_factory.mktemp("runtime")
    classes, path = folder / "classes.jar", folder / "runtime.aar"
    desktop = android.CACHE / f"{android.DESKTOP_RUNTIME.name}-{android.DESKTOP_RUNTIME.version}.jar"
    android.write_zip(classes, {name: data for name, data in android.read_zip(desktop) if name.endswith(".class")})
    noise = np.random.default_rng(0)
    entries = {
        f"jni/{abi}/{name}": noise.bytes(size) for abi in ("arm64-v8a", "x86") for name, size in LIBRARIES.items()
    }
    android.write_zip(path, {"classes.jar": classes.read_bytes(), **entries})
    return path


def test_native_libraries_stand_at_whole_pages_and_the_release_key_signs(
    android: ModuleType, runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools, unsigned, signed = android.find_tools(), tmp_path / "unsigned.apk", tmp_path / "mien.apk"
    android.build(unsigned, tools, runtime)
    first = unsigned.read_bytes()
    android.build(unsigned, tools, runtime)
    assert unsigned.read_bytes() == first
    key = tmp_path / "release.p12"
    make = [
        "keytool",
        "-genkeypair",
        "-keystore",
        key,
        "-storetype",
        "PKCS12",
        "-storepass",
        "a secret",
        "-alias",
        "us",
    ]
    subprocess.run([*make, "-keyalg", "RSA", "-dname", "CN=The release key"], check=True, capture_output=True)
    monkeypatch.setenv("MIEN_KEYSTORE", str(key))
    with pytest.raises(android.BuildError, match="MIEN_KEY_ALIAS"):
        android.sign(unsigned, signed, tools)
    assert not signed.exists()
    monkeypatch.setenv("MIEN_KEYSTORE_PASSWORD", "a secret")
    monkeypatch.setenv("MIEN_KEY_ALIAS", "us")
    android.sign(unsigned, signed, tools)
    told = subprocess.run(
        [tools.apksigner, "verify", "--print-certs", signed], check=True, capture_output=True, text=True
    )
    assert "CN=The release key" in told.stdout
    content = signed.read_bytes()
    with zipfile.ZipFile(signed) as archive:
        libraries = [one for one in archive.infolist() if one.filename.startswith("lib/")]
        assert {one.filename for one in libraries} == {f"lib/arm64-v8a/{name}" for name in LIBRARIES}
        for one in libraries:
            at = one.header_offset
            lengths = [int.from_bytes(content[at + place : at + place + 2], "little") for place in (26, 28)]
            assert (at + 30 + sum(lengths)) % 16384 == 0
            assert one.compress_type == zipfile.ZIP_STORED
        assert b"ai/onnxruntime/OrtSession" in archive.read("classes.dex")
