"""What the tests of trainings share."""

import pytest


@pytest.fixture
def one_thread():
    """In networks this small, threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
