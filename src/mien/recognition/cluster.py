"""Read archives on a Ray cluster: Ray Data deals the shards to actors, each of which holds a `Recognizer`.

Every machine must see the pictures under the same path; the rows come back here. Needs the extra `cluster`.
"""

import json
import os
from collections.abc import Generator
from typing import Any

from mien.errors import MienError
from mien.recognition.archive import Records, Shard, read_shard
from mien.recognition.extra import load
from mien.recognition.recognizer import Recognizer
from mien.recognition.verdicts import Gating


class ShardReader:
    """An actor on one core of the cluster."""

    def __init__(self, model: str, gate: Gating) -> None:
        self._recognizer = Recognizer(model, 1, gate)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read shards, as Ray hands them over.

        Args:
            batch: `number` of each shard, and `shard`, its pictures as JSON.

        Returns:
            `number` of each shard, and `records`, its rows as JSON.
        """
        records = [read_shard(self._recognizer, json.loads(shard)) for shard in batch["shard"]]
        return {"number": batch["number"], "records": [json.dumps(part) for part in records]}


def read_with_ray(shards: list[Shard], model: str, gate: Gating, address: str) -> Generator[tuple[Shard, Records]]:
    """Read shards on all cores of a Ray cluster.

    Args:
        shards: What is to be read.
        model: A shipped model's name or a model file's path, the same on every machine.
        gate: What becomes of strange faces.
        address: As `ray.init` takes it, such as "auto" or "host:6379"; "local" starts a cluster of this machine alone.

    Yields:
        A shard and its rows, in the order in which they get done.

    Raises:
        MienError: No cluster answers.
    """
    if not shards:
        return
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # silences a warning about GPUs
    ray, data = load("ray", "cluster"), load("ray.data", "cluster")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise MienError(f"no Ray cluster at {address}: {str(error).splitlines()[0]}") from error
    try:
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        cores = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        items = [{"number": number, "shard": json.dumps(shard)} for number, shard in enumerate(shards)]
        made = data.from_items(items, override_num_blocks=len(items)).map_batches(
            ShardReader,
            fn_constructor_args=(model, gate),
            batch_size=1,
            num_cpus=1,
            compute=data.ActorPoolStrategy(min_size=1, max_size=min(cores, len(items))),
        )
        for row in made.iter_rows():
            yield shards[row["number"]], json.loads(row["records"])
    finally:
        ray.shutdown()
