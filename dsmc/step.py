"""One time step: the order of the stages, in two passes over the particles.

Pass A, cell by cell while the cell is in cache: sample, collide, sample, fly, note the new cell.
Pass B: a stable counting sort moves the rows to the other buffer.  Particles are sorted by cell at
the beginning and at the end of every step.
"""

from dsmc.cells import divide_slabs, first_cell, prefix_sum, reorder_column, reorder_rows
from dsmc.collide import collide_cell, record_exposure
from dsmc.compiled import kernel
from dsmc.drift import fly_cell
from dsmc.moments import add_cell


@kernel
def advance_slabs(
    first_slab, last_slab, phase, species, offsets, grid, gas, walls, colliding, dt, time, key, step,
    sums, census, destination, histogram, collisions, wall_tally, workspace,
):  # fmt: skip
    """Pass A over a run of slabs: sample, collide, sample, fly."""
    cells = offsets.shape[0] - 1
    slabs = collisions.shape[0]
    axes = len(grid.lengths)
    histogram[:] = 0
    for slab in range(first_slab, last_slab):
        for cell in range(first_cell(slab, slabs, cells), first_cell(slab + 1, slabs, cells)):
            start, stop = offsets[cell], offsets[cell + 1]
            if census is not None:
                record_exposure(phase, start, stop, axes, census, slab)
            if sums is not None:
                add_cell(phase, species, start, stop, axes, 0.5, sums[cell])
            if colliding:
                collide_cell(
                    phase, species, census, start, stop, axes, None, grid.volume, gas, dt, time,
                    key, step, cell, slab, workspace, collisions,
                )  # fmt: skip
            if sums is not None:
                add_cell(phase, species, start, stop, axes, 0.5, sums[cell])
            fly_cell(
                phase, species, start, stop, grid, walls, gas, dt, key, step, cell,
                destination, histogram, wall_tally[slab],
            )  # fmt: skip


def advance(
    team, stages, phase, species, offsets, grid, gas, walls, colliding, dt, time, key, step,
    sums, census, destination, histogram, collisions, wall_tally, bounds, benches,
):  # fmt: skip
    """Pass A, every thread over its own run of slabs; `stages` is advance_slabs or a variant."""
    divide_slabs(offsets, collisions.shape[0], bounds)

    def work(thread):
        stages(
            bounds[thread], bounds[thread + 1], phase, species, offsets, grid, gas, walls, colliding,
            dt, time, key, step, sums, census, destination, histogram[thread], collisions, wall_tally,
            benches[thread],
        )  # fmt: skip

    team.each(work)


def reorder(team, phase, out, destination, histogram, offsets, new_offsets, slots, bounds, slabs):
    """Pass B: sort the rows by cell into `out`; `destination` becomes the slot of every row."""
    prefix_sum(histogram, new_offsets, slots)
    cells = offsets.shape[0] - 1

    def work(thread):
        start = offsets[first_cell(bounds[thread], slabs, cells)]
        stop = offsets[first_cell(bounds[thread + 1], slabs, cells)]
        reorder_rows(phase, start, stop, destination, slots[thread], out)

    team.each(work)
