"""What the Android app would gain by running the face detectors natively too: each network in WebAssembly, and behind
messages like the native engine's, call by call in one page of Chromium.

    python benchmarks/android_detectors.py [--rounds 150]

Needs `npm ci` in web/, Chromium and Playwright. A message carries the network's view of the picture as RGB bytes in a
header, as a request of a WebView has no body that an app can read; the answer is the network's 896 scores and places.
ONNX Runtime's Python package answers, on one thread; "alone" is its time without the message. All times are the
quickest tenth's, which a busy machine disturbs less. The whole frame is taken from results/benchmarks/android.json: a
frame looks once with the front network for one face and twice for more, and every 0.4 s, here every twelfth frame, with
both networks at the whole. Writes results/benchmarks/android-detectors.json.
"""

import argparse
import base64
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import onnxruntime
from playwright.sync_api import sync_playwright

from mien.provenance import origin
from mien.recognition.model import models_folder
from mien.results.benchmarks import AndroidDetectors, AndroidSpeed
from mien.results.record import made, read, write

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "benchmarks"
sys.path.insert(0, str(ROOT / "tests" / "web"))
from chromium import crowd, launch, write_video  # noqa: E402
from phone import listening  # noqa: E402

SIZES = {"near": 128, "far": 256}
FRAMES_A_SEARCH = 12
PAGE = b"<!doctype html><title>Detectors</title><link rel=icon href=data:,>"
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}
COMPARE = """
async ([sizes, rounds]) => {
  const ort = await import("/ort/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = "/ort/";
  const inWasm = async (name, size) => {
    const options = { executionProviders: ["wasm"], logSeverityLevel: 3 };
    const session = await ort.InferenceSession.create(`/models/blazeface_${name}.onnx`, options);
    const input = session.inputNames[0];
    return async (view) => {
      const outputs = await session.run({ [input]: new ort.Tensor("float32", view, [1, size, size, 3]) });
      return session.outputNames.map((name) => outputs[name].data);
    };
  };
  const bytes = new Uint8Array(256 * 256 * 3);
  const native = (name) => async (view) => {
    for (let i = 0; i < view.length; i++) bytes[i] = view[i] * 127.5 + 128;
    let text = "";
    for (let i = 0; i < view.length; i += 8192) {
      text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(i + 8192, view.length)));
    }
    const answer = await (await fetch(`/native/${name}`, { headers: { "Mien-View": btoa(text) } })).arrayBuffer();
    let start = 0;
    return [512, 384, 8192, 6144].map((length) => new Float32Array(answer, 4 * ((start += length) - length), length));
  };
  const results = {};
  for (const [name, size] of Object.entries(sizes)) {
    const engines = { webassembly: await inWasm(name, size), native: native(name) };
    const view = Float32Array.from({ length: size * size * 3 }, (_, i) => ((i * 31 + (i >> 8)) % 256 - 127.5) / 127.5);
    const times = { webassembly: [], native: [] }, last = {};
    for (let i = 0; i < rounds + 5; i++) {
      for (const [engine, run] of Object.entries(engines)) {
        const start = performance.now();
        last[engine] = await run(view);
        if (i >= 5) times[engine].push(performance.now() - start);
      }
    }
    let apart = 0;
    last.native.forEach((values, k) => values.forEach((value, i) => {
      apart = Math.max(apart, Math.abs(value - last.webassembly[k][i]));
    }));
    results[name] = { ...times, apart };
  }
  return results;
}
"""


@contextmanager
def phone() -> Iterator[tuple[str, dict[str, list[float]]]]:
    """The address of a page that can ask for both networks, in WebAssembly and behind messages; and the milliseconds
    that the native ones take without their messages."""
    http.client._MAXLINE = 1 << 20  # type: ignore[attr-defined]  # http.server's own limit for a header is 64 kB
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    sessions = {
        name: onnxruntime.InferenceSession(
            str(models_folder() / f"blazeface_{name}.onnx"), options, providers=["CPUExecutionProvider"]
        )
        for name in SIZES
    }
    alone: dict[str, list[float]] = {name: [] for name in SIZES}
    folders = {"ort": ROOT / "web" / "node_modules" / "onnxruntime-web" / "dist", "models": models_folder()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            place, _, name = self.path[1:].partition("/")
            body = self.native(name) if place == "native" else (folders[place] / name).read_bytes() if place else PAGE
            self.send_response(200)
            self.send_header("Content-Type", TYPES.get(Path(name).suffix, "text/html"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def native(self, name: str) -> bytes:
            size, session = SIZES[name], sessions[name]
            view = np.frombuffer(base64.b64decode(self.headers["Mien-View"]), np.uint8).reshape(1, size, size, 3)
            start = time.perf_counter()
            inputs = {session.get_inputs()[0].name: (view.astype(np.float32) - 127.5) / 127.5}
            outputs = session.run(None, inputs)
            alone[name].append(1000 * (time.perf_counter() - start))
            return b"".join(output.tobytes() for output in outputs)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with listening(Handler) as address:
        yield address, alone


def frame_gains(ms: dict[str, dict[str, float]], engine: str) -> dict[str, dict[str, float]]:
    """How many times faster a whole frame would be with the networks on this engine, by model and number of faces."""
    measured = read(AndroidSpeed, RESULTS / "android.json").ms
    saved = {name: one["webassembly"] - one[engine] for name, one in ms.items()}
    gains: dict[str, dict[str, float]] = {}
    for model, by_count in measured.items():
        for count, one in by_count.items():
            frame, looks = one.quickest_tenth.native["frame"], min(int(count), 2)
            less = looks * saved["near"] + (saved["near"] + saved["far"]) / FRAMES_A_SEARCH
            gains.setdefault(model, {})[count] = round(frame / (frame - less), 2)
    return gains


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=150, help="calls of each network on each engine")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver, phone() as (address, alone):
        browser = launch(driver, write_video(crowd(1), Path(folder) / "video.y4m"))
        page = browser.new_page()
        page.goto(address)
        results = page.evaluate(COMPARE, [SIZES, rounds])
        browser.close()
    apart = max(one.pop("apart") for one in results.values())
    assert apart < 0.05, f"the answers are {apart} apart"
    ms = {
        name: {
            engine: round(float(np.quantile(times, 0.1)), 2) for engine, times in {**one, "alone": alone[name]}.items()
        }
        for name, one in results.items()
    }
    for name, one in ms.items():
        print(f"{name}: WebAssembly {one['webassembly']} ms, native {one['native']} ms, of it alone {one['alone']} ms")
    gains = {engine: frame_gains(ms, engine) for engine in ("native", "alone")}
    print(f"a whole frame would be so many times faster: {json.dumps(gains)}")
    said = {"rounds": rounds, "load": round(os.getloadavg()[0], 1), "ms": ms, "frame_times_faster": gains}
    said |= {"onnxruntime": onnxruntime.__version__, **origin()}
    write(RESULTS / "android-detectors.json", made(AndroidDetectors, said))


if __name__ == "__main__":
    main()
