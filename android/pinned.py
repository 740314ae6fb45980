"""What the build takes from Maven Central and npm: each file by its SHA-256, kept in ~/.cache/mien-android."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")
REPOSITORY = Path.home() / ".m2" / "repository"
ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")


class BuildError(Exception):
    """The app cannot be built; the text says what to do."""


class NotServedError(BuildError):
    """A registry does not have a file."""


@dataclass(frozen=True)
class Pinned:
    """A file of Maven Central."""

    group: str
    name: str
    version: str
    sha256: str
    kind: str = "jar"

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.{self.kind}"


# The framework's classes and resources. The next one's classes (Android 16) need a newer Java than Debian has.
FRAMEWORK = Pinned(
    "org.robolectric", "android-all", "15-robolectric-12650502",
    "6c0670454f6fcee9f1b17aa393e81d71bf26e7e6ae7c5777ed3924b062191d5b",
)  # fmt: skip
# It carries aapt2 for Linux; Debian's is too old to read that framework's resources.
AAPT2 = Pinned(
    "org.apktool", "apktool-lib", "2.12.1", "8e1e517ba30f579d4f6cf87c806c6b8535f93db6495471ecddf7a36080a21784"
)
AAPT2_PLACE = ("prebuilt/linux/aapt2_64", "a5ee6003d22529fa94f3da3b791e9a3ead30c2aca66994938e81d2c93f05c8fd")
# It makes the bundle, and carries D8.
BUNDLETOOL = Pinned(
    "com.android.tools.build", "bundletool", "1.18.1",
    "a73341a7945abcb0e6b8971c7b1b2801bd765006447ca0d2437a4260d572ceac",
)  # fmt: skip
BUNDLETOOL_NEEDS = (
    Pinned(
        "com.android.tools.build", "aapt2-proto", "7.3.0-alpha07-8248216",
        "6e45503a965ec00acd7c3b15df3c0fdad2a25d87d00b4ae380030c3ce6b526f4",
    ),
    Pinned(
        "com.google.auto.value", "auto-value-annotations", "1.6.2",
        "b48b04ddba40e8ac33bf036f06fc43995fc5084bd94bdaace807ce27d3bea3fb",
    ),
    Pinned("com.google.code.gson", "gson", "2.8.9", "d3999291855de495c94c743761b8ab5176cfeabe281a5ab0d8e8d45326fd703e"),
    Pinned("com.google.dagger", "dagger", "2.28.3", "f1dd23f8ae34a8e91366723991ead0d6499d1a3e9163ce550c200b02d76a872b"),
    Pinned(
        "com.google.guava", "failureaccess", "1.0.1",
        "a171ee4c734dd2da837e4b16be9df4661afab72a41adaf31eb84dfdaf936ca26",
    ),
    Pinned(
        "com.google.guava", "guava", "32.0.1-jre", "bd7fa227591fb8509677d0d1122cf95158f3b8a9f45653f58281d879f6dc48c5"
    ),
    Pinned(
        "com.google.protobuf", "protobuf-java", "3.22.3",
        "59d388ea6a2d2d76ae8efff7fd4d0c60c6f0f464c3d3ab9be8e5add092975708",
    ),
    Pinned(
        "com.google.protobuf", "protobuf-java-util", "3.22.3",
        "c615f76879dc5c303e4df5b94a6afa39534058c7545db2d483fd95d9f63c8bfe",
    ),
    Pinned("javax.inject", "javax.inject", "1", "91c77044a50c481636c32d916fd89c9118a72195390452c81065080f957de7ff"),
    Pinned("org.bitbucket.b_c", "jose4j", "0.9.5", "808fb3166f3e67dad9811c331029ab1681242fd52b735bc3f33f281167fcc72e"),
    Pinned("org.slf4j", "slf4j-api", "1.7.30", "cdba07964d1bb40a0761485c6b1e8c2f8fd9eb1d19c53928ac0d7f9510105c57"),
)  # fmt: skip

# Not 1.29 or newer: from there on ONNX Runtime's official builds for Linux and Android report their use to Microsoft
# (microsoft/onnxruntime#27379). This one has no such code.
ONNXRUNTIME = "1.26.0"
# The tests' runtime, of the same version and the same Java API; its notices are the phone's too.
DESKTOP_RUNTIME = Pinned(
    "com.microsoft.onnxruntime", "onnxruntime", ONNXRUNTIME,
    "cf5a48c6f5d07b15f10634b80433ddce8f5892662b1a122bbbc0907f4f442c60",
)  # fmt: skip
PHONE_RUNTIME = Pinned("com.microsoft.onnxruntime", "onnxruntime-android", ONNXRUNTIME, "", "aar")
# Carries Microsoft's AAR. What the build takes of an AAR is pinned, part by part: a packager may have changed the rest.
PHONE_RUNTIME_NPM = ("com.github.asus4.onnxruntime@0.4.8", "package/Plugins/Android/onnxruntime.aar")
LIBRARIES = ("libonnxruntime.so", "libonnxruntime4j_jni.so")
PHONE_RUNTIME_PARTS = {
    "classes.jar": "3755d307aaa566daa1ebd4e9e792303fac78ea8517f29bfa49da5eb9a7a6051b",
    "jni/arm64-v8a/libonnxruntime.so": "9f8e49b209cbac4483c96e5fc82f0405747f39c0708fb673561cbb019db0c0bc",
    "jni/arm64-v8a/libonnxruntime4j_jni.so": "0984ef3397a10837286e344256fd4982eefb71f7d36ebdd92d85395e83ac0355",
    "jni/armeabi-v7a/libonnxruntime.so": "43e71a854973e1427d87eea80c8c4ed59d63930001783f5b0f9fe7de119e4211",
    "jni/armeabi-v7a/libonnxruntime4j_jni.so": "2f4b0af2a4cc3e582ae258ed29d027c0ef751a44f97833677306b003e711d98e",
    "jni/x86_64/libonnxruntime.so": "7950f0bb0ba765a0e3b11c11d6449c1b993e0301156e6c8fd1b2a10c45e7baa9",
    "jni/x86_64/libonnxruntime4j_jni.so": "272250caada01c1ec2ff5b0a5f082f84acb1c2dabfe22a757e0a685bb47c7569",
}


def fetch(pinned: Pinned) -> Path:
    """The file, from the cache or by Maven.

    Raises:
        NotServedError: where Maven cannot fetch it.
        BuildError: where the file has another hash.
    """
    path = CACHE / pinned.file
    if not path.is_file():
        copy = fetch_by_maven(pinned)
        check(copy, pinned.sha256)
        _put(copy, path)
    check(path, pinned.sha256)
    return path


def fetch_by_maven(pinned: Pinned) -> Path:
    copy = REPOSITORY / pinned.group.replace(".", "/") / pinned.name / pinned.version / pinned.file
    if not copy.is_file():
        print(f"fetching {pinned.file} ...", flush=True)
        get = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
        artifact = ":".join((pinned.group, pinned.name, pinned.version, pinned.kind))
        maven = ["mvn", "-q", "-B", get, f"-Dartifact={artifact}", "-Dtransitive=false"]
        subprocess.run(maven, stdout=subprocess.DEVNULL, check=False)
        if not copy.is_file():
            raise NotServedError(f"{artifact} cannot be fetched from Maven Central")
    return copy


def fetch_aapt2() -> Path:
    member, sha256 = AAPT2_PLACE
    path = CACHE / f"aapt2-{AAPT2.version}"
    if not path.is_file():
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(fetch(AAPT2)) as archive:
            _put(Path(archive.extract(member, folder)), path, mode=0o755)
    check(path, sha256)
    return path


def phone_runtime() -> Path:
    """ONNX Runtime for Android: MIEN_ONNXRUNTIME_AAR's, the cache's, Maven Central's or the npm package's."""
    named = os.environ.get("MIEN_ONNXRUNTIME_AAR")
    path = Path(named) if named else CACHE / PHONE_RUNTIME.file
    if not path.is_file():
        if named:
            raise BuildError(f"MIEN_ONNXRUNTIME_AAR: there is no file {named}")
        try:
            copy = fetch_by_maven(PHONE_RUNTIME)
            check_parts(copy)
            _put(copy, path)
        except NotServedError:
            _fetch_from_npm(path)
    check_parts(path)
    return path


def _fetch_from_npm(path: Path) -> None:
    package, member = PHONE_RUNTIME_NPM
    print(f"fetching {package} from npm (150 MB), as Maven Central does not serve {PHONE_RUNTIME.file} ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True)
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or not archives:
            raise NotServedError(
                f"{PHONE_RUNTIME.file} cannot be fetched from Maven Central, nor {package} from npm: "
                "name a copy by MIEN_ONNXRUNTIME_AAR"
            )
        aar = Path(folder) / path.name
        with tarfile.open(archives[0]) as archive, aar.open("wb") as file:
            packed = archive.extractfile(member)
            if packed is None:
                raise BuildError(f"{package}: {member} is no file")
            shutil.copyfileobj(packed, file)
        check_parts(aar)
        _put(aar, path)


def check_parts(aar: Path) -> None:
    """Raises BuildError where a part of the AAR that the app takes is not the pinned one."""
    with zipfile.ZipFile(aar) as archive:
        for name, sha256 in PHONE_RUNTIME_PARTS.items():
            found = hashlib.sha256(archive.read(name)).hexdigest() if name in archive.namelist() else "(missing)"
            if found != sha256:
                raise BuildError(f"{aar}: the SHA-256 of its {name} is {found}, not the pinned {sha256}")


def check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise BuildError(f"{path}: its SHA-256 is {found}, not the pinned {sha256}; delete it and try again")


def _put(source: Path, path: Path, mode: int = 0o644) -> None:
    """Copies a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    shutil.copyfile(source, part)
    part.chmod(mode)
    part.replace(path)
