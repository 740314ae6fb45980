"""Shows what a store reads of the built app: `python3 android/show.py` (or `make show-apk`), after `make apk`.

For each APK: its size and SHA-256, whether it is aligned, who signed it, and what it asks of a phone; for the bundle:
its signature, and what a phone of each kind downloads. And whether a second build gives the same bytes.
"""

import hashlib
import json
import re
import sys
import tempfile
from pathlib import Path

from build import TARGET, Tools, build, find_tools, run
from pinned import ABIS, BuildError, phone_runtime

SHOWN = re.compile(
    r"^(package|minSdkVersion|targetSdkVersion|uses-permission|uses-feature\S*|application-label|application-icon-160|"
    r"native-code|locales|densities|launchable-activity):?.*"
)


def show_apk(path: Path, tools: Tools) -> None:
    data = path.read_bytes()
    print(f"\n{path.name}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
    run(tools.zipalign, "-c", "-p", "4", path)
    print("  zipalign -c -p 4: aligned")
    for line in run(tools.apksigner, "verify", "--verbose", "--print-certs", path).splitlines():
        if re.match("Verifi|Number|Signer #1 certificate (DN|SHA-256)", line):
            print(f"  apksigner: {line}")
    for line in run(tools.aapt2, "dump", "badging", path).splitlines():
        if SHOWN.match(line.strip()):
            print(f"  aapt2: {line.strip()}")


def show_bundle(path: Path, tools: Tools, folder: Path) -> None:
    print(f"\n{path.name}: {path.stat().st_size} bytes")
    print(f"  jarsigner: {next(line for line in run('jarsigner', '-verify', path).splitlines() if line)}")
    main = ["java", "-cp", tools.bundletool, "com.android.tools.build.bundletool.BundleToolMain"]
    made = folder / "mien.apks"
    run(*main, "build-apks", f"--bundle={path}", f"--output={made}", f"--aapt2={tools.aapt2}")
    for abi in ABIS:
        phone = folder / f"{abi}.json"
        kind = {"supportedAbis": [abi], "supportedLocales": ["en"], "screenDensity": 420, "sdkVersion": 36}
        phone.write_text(json.dumps(kind), encoding="utf-8")
        told = run(*main, "get-size", "total", f"--apks={made}", f"--device-spec={phone}").split()
        print(f"  a phone of {abi} downloads {told[-1].split(',')[-1]} bytes")


def show_again(unsigned: list[Path], tools: Tools, folder: Path) -> None:
    print("\nbuilt again:")
    again = build(tools, phone_runtime(), folder)
    for first, second in zip(unsigned, again, strict=True):
        same = first.read_bytes() == second.read_bytes()
        print(f"  {first.name}: {'the same bytes' if same else 'OTHER BYTES'}")
        if not same:
            raise BuildError(
                f"{first.name}: a second build gives other bytes; were its sources changed since `make apk`?"
            )


def main() -> int:
    apks = ["mien"] + [f"mien-{abi}" for abi in ABIS[1:]]
    signed = [TARGET / f"{name}.apk" for name in apks]
    unsigned = [TARGET / f"{name}-unsigned.apk" for name in apks] + [TARGET / "mien-unsigned.aab"]
    try:
        missing = [path for path in [*signed, *unsigned] if not path.is_file()]
        if missing:
            raise BuildError(f"{missing[0]} is not there: make apk")
        tools = find_tools()
        for path in signed:
            show_apk(path, tools)
        with tempfile.TemporaryDirectory() as folder:
            show_bundle(TARGET / "mien.aab", tools, Path(folder))
            show_again(unsigned, tools, Path(folder))
    except BuildError as error:
        print(f"android/show.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
