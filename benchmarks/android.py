"""How fast the Android app's page reads faces with the native engine, and in WebAssembly, in one run in Chromium.

    python benchmarks/android.py [--rounds 6] [--model mobilenet_v2]

Needs the Android app (`make apk`), Java, Chromium and Playwright. The page comes out of the signed APK under a phone's
profile; the desktop's ONNX Runtime stands in the phone's place behind the same messages, so this says what the messages
cost and how the two runtimes compare on this machine, and nothing about a phone. Both run on one thread.

For 1, 3 and 6 faces, with each model: milliseconds to read all faces of a picture, and milliseconds a frame of a video
with its steps, in which the native engine reads all faces and WebAssembly one of them in turn. The two engines take
turns in one page, so that what else the machine does meets both: medians over all rounds, and the quickest tenth, which
a busy machine disturbs less. Writes results/benchmarks/android.json.
"""

import argparse
import io
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from mien.provenance import origin
from mien.results.benchmarks import AndroidSpeed
from mien.results.record import made, write

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "web"))
from chromium import PATIENCE, crowd, launch, write_video  # noqa: E402
from phone import AGENT, SCREEN, Asked, desktop_engine, page_files, phone  # noqa: E402

FACES = (1, 3, 6)
# Readings of a picture in a turn; of a video's frames, twice as many.
TIMES = 8
ENGINES = {"native": True, "webassembly": False}
STEPS = ("grab", "detect", "crop", "read")

# The page's own worker, once it has made it.
WATCH = """
const Own = Worker;
window.Worker = class extends Own { constructor(...all) { super(...all); window.engine = this; } };
"""
# One engine's turn: opens the model on it, and reads the picture and a video's frames with each number of faces.
TURN = """
async ([name, native, faces, times]) => {
  let last = 1e6;
  const call = (kind, request, moved = []) => new Promise((resolve, reject) => {
    const id = last++;
    const receive = ({ data }) => {
      if (data.id !== id) return;
      window.engine.removeEventListener("message", receive);
      if ("fault" in data) reject(new Error(data.detail)); else resolve(data.reply);
    };
    window.engine.addEventListener("message", receive);
    window.engine.postMessage({ id, kind, ...request }, moved);
  });
  const { models } = await (await fetch("models.json")).json();
  const entry = models.find(({ properties }) => properties.name === name);
  const model = { ...entry, url: new URL(entry.url, document.baseURI).href };
  await call("open", { model, gate: null, native });
  const picture = async (count) => createImageBitmap(await (await fetch(`given/${count}.png`)).blob());
  const timed = async (work) => {
    const start = performance.now();
    const said = await work();
    return [performance.now() - start, said];
  };
  const options = { smooth: true, memory: 0.35, map: false, faces: 10, clear: null, evenly: false, chosen: null };
  const results = {};
  let time = 0;
  for (const count of faces) {
    const bitmap = await picture(count);
    const found = await call("inspect", { bitmap }, [bitmap]);
    if (found.faces.length !== count) throw new Error(`${found.faces.length} faces found, not ${count}`);
    await call("read", {});
    const reads = [], frames = [];
    for (let i = 0; i < times; i++) reads.push((await timed(() => call("read", {})))[0]);
    await call("forget", {});
    for (let i = 0; i < 2 * times + 15; i++) {
      const bitmap = await picture(count);
      time += 1 / 30;
      const [whole, { steps }] = await timed(() => call("frame", { bitmap, time, options }, [bitmap]));
      if (i >= 15) frames.push({ whole, ...steps });
    }
    results[count] = { reads, frames };
  }
  return results;
}
"""


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def measure(page: Any, asked: list[Asked], model: str, rounds: int) -> dict[str, Any]:
    """Milliseconds by number of faces: all that were measured of a picture's reading and of a frame, by engine.

    Args:
        page: The app, with its worker at hand.
        asked: What is asked of the native engine meanwhile.
        model: The model's name.
        rounds: How many turns each engine has.
    """
    found: dict[str, Any] = {str(count): {engine: [] for engine in ENGINES} for count in FACES}
    for turn in range(2 * rounds):
        engine = list(ENGINES)[(turn + turn // 2) % 2]  # neither always goes first
        before = len(asked)
        said = page.evaluate(TURN, [model, ENGINES[engine], FACES, TIMES])
        runs = [one.status for one in asked[before:] if one.what == "run"]
        # A page whose native engine fails goes over to WebAssembly, and would be taken for it.
        right = len(runs) > len(FACES) * 3 * TIMES and set(runs) == {200} if ENGINES[engine] else not runs
        assert right, f"{model}: the page took the other engine"
        for count, results in said.items():
            found[count][engine].append(results)
    return found


def quantiles(turns: list[dict[str, Any]], share: float) -> dict[str, float]:
    """Of a picture's reading, of a frame, and of the frame's steps: what `share` of the times stay below."""
    frames = [frame for turn in turns for frame in turn["frames"]]
    times = {
        "read_all": [ms for turn in turns for ms in turn["reads"]],
        "frame": [frame["whole"] for frame in frames],
        **{step: [frame[step] for frame in frames] for step in STEPS},
    }
    return {what: float(np.quantile(all_times, share)) for what, all_times in times.items()}


def compared(turns: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Both engines' medians and quickest tenths, and how many times faster the native one is."""
    result: dict[str, Any] = {}
    for name, share in (("median", 0.5), ("quickest_tenth", 0.1)):
        ms = {engine: quantiles(all_turns, share) for engine, all_turns in turns.items()}
        faster = {what: round(ms["webassembly"][what] / ms["native"][what], 2) for what in ("read_all", "frame")}
        rounded = {engine: {what: round(value, 2) for what, value in values.items()} for engine, values in ms.items()}
        result[name] = {**rounded, "times_faster": faster}
    return result


def table_of(results: dict[str, dict[str, Any]]) -> Table:
    table = Table("model", "faces", "")
    for column in ("all read, ms: native", "WebAssembly", "times", "a frame, ms: native", "WebAssembly"):
        table.add_column(column)
    table.add_column("steps of the native frame: grab, find, crop, read")
    table.add_column("WebAssembly's")
    for model, by_count in results.items():
        for count, compared in by_count.items():
            for which, one in compared.items():
                both = one["native"], one["webassembly"]
                steps = [" ".join(f"{engine[step]:.1f}" for step in STEPS) for engine in both]
                read, frame = ([f"{engine[what]:.1f}" for engine in both] for what in ("read_all", "frame"))
                ratio = f"{one['times_faster']['read_all']:.2f}"
                table.add_row(model, count, which.replace("_", " "), *read, ratio, *frame, *steps)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, help="turns of each engine")
    parser.add_argument("--model", help="this one alone; nothing is written then")
    chosen = parser.parse_args()
    files = page_files()
    if files is None:
        sys.exit("build the Android app first: make apk")
    models = json.loads(files["models.json"])["models"]
    names = [model["properties"]["name"] for model in models]
    files |= {f"given/{count}.png": png(crowd(count)) for count in FACES}
    results = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver, desktop_engine() as native:
        browser = launch(driver, write_video(crowd(1), Path(folder) / "video.y4m"))
        for name in names if chosen.model is None else [chosen.model]:
            with phone(files, native) as (address, asked):
                page = browser.new_context(user_agent=AGENT, **SCREEN).new_page()
                page.set_default_timeout(PATIENCE)
                page.add_init_script(WATCH)
                page.goto(address)
                page.wait_for_function("window.engine")
                turns = measure(page, asked, name, chosen.rounds)
                results[name] = {count: compared(one) for count, one in turns.items()}
                page.close()
            print(f"{name}: {json.dumps(results[name])}", flush=True)
    Console(width=180).print(table_of(results))
    machine = {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
    said = {"machine": machine, "rounds": chosen.rounds, "load": round(os.getloadavg()[0], 1), "ms": results}
    said |= {"hashes": {model["properties"]["name"]: model["sha256"] for model in models}, **origin()}
    if chosen.model is None:
        write(ROOT / "results" / "benchmarks" / "android.json", made(AndroidSpeed, said))


if __name__ == "__main__":
    main()
