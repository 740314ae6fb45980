"""What several tests share: a small made-up data set, and the place of the real one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, so that a failure comes with a change; HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("repeat", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))
# Shells start what runs in their background deaf to Ctrl-C, and commands that tests start would be deaf as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set's folder, as `make_data` writes it. Copy it before you change it."""
    from made_data import make_data  # needs what training needs

    return make_data(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data set, where MIEN_DATA names it; skips the test where it does not."""
    root = Path(os.environ.get("MIEN_DATA") or "nowhere")
    if not root.is_dir():
        pytest.skip("needs the FER2013 folders; set MIEN_DATA to where they are")
    return root


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: sums are the same in every process only where the number of threads is."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
