"""Short runs of every box in a process of their own: `python -m tests.parity.fresh` prints JSON.

digests         : {box: digest of all that the run leaves}
specialisations : number of compiled versions of the main kernel
loaded, compiled : kernels that came from the cache, and that had to be compiled
"""

import hashlib
import json
import sys

import numpy as np

from dsmc.compiled import CPUDispatcher
from dsmc.shares import noting
from dsmc.sort import list_slabs
from dsmc.step import advance_slabs
from tests.parity.boxes import BOXES, box, run


def digest(found: dict[str, np.ndarray]) -> str:
    """A digest of names, types and bytes."""
    total = hashlib.sha256()
    for name in sorted(found):
        total.update(f"{name} {found[name].dtype} {found[name].shape}".encode())
        total.update(found[name].tobytes())
    return total.hexdigest()


def short(name: str, threads: int) -> str:
    """Digest of a short run of a box."""
    return digest(run(box(name, steps=4, particles=2000), threads))


def cached_kernels() -> list[CPUDispatcher]:
    """Every kernel of the package that is cached on disk."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("dsmc"):
            values = [value for value in vars(module).values() if isinstance(value, CPUDispatcher)]
            found |= {id(value): value for value in values if value.stats.cache_path is not None}
    shares = noting(advance_slabs), noting(list_slabs)  # which are compiled into these
    return [*found.values(), *shares]


if __name__ == "__main__":
    digests = {name: short(name, 1) for name in BOXES}
    statistics = [kernel.stats for kernel in cached_kernels()]
    report = {
        "digests": digests,
        "specialisations": len(noting(advance_slabs).signatures),
        "loaded": sum(sum(s.cache_hits.values()) for s in statistics),
        "compiled": sum(sum(s.cache_misses.values()) for s in statistics),
    }
    print(json.dumps(report))
