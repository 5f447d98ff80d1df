"""Stage: no-time-counter collisions of one species, one lane for a cell: see `dsmc.collide`.

A lane plays all candidates of its cell, one after the other, as the host does; a program ends when
none of its lanes has a candidate left. What a lane knows of its cell stays in registers, only the
velocities lie in memory. There no lane meets another: cells have different rows. And a lane reads
what it wrote itself: a block has as many places as its program has threads, so that every layout
that Triton may choose gives a place to the same thread.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from dsmc import draws
from dsmc.collide import TINY
from dsmc.device.draws import Address
from dsmc.device.fused.laws import below, compiled, unit, unit_fine, words_of
from dsmc.device.model import Model
from dsmc.device.pairs import PairTable
from dsmc.device.particles import Particles
from dsmc.moments import COLLISIONS, COLUMNS, SEPARATIONS
from dsmc.pairs import FEW

WARP = 32  # threads that go step by step: no barrier in a loop
MOST = 1 << 16  # candidates of a cell in a step; more are refused, so that no kernel runs for ever
FOUND = 3  # candidates, collisions, cells that are not at their end

# Places among the numbers of a gas, which are handed over in memory: as arguments Triton would take
# them in single precision.
TIME_STEP, WEIGHT, PREFACTOR, HALF_EXPONENT, INVERSE_ALPHA, SHARE_I, SHARE_J = range(7)


class Kernel(NamedTuple):
    """The kernel of a gas, and what it needs beside the state."""

    function: Callable
    numbers: Tensor  # (7,) float64
    hard: bool
    isotropic: bool


def kernel_of(model: Model, table: PairTable, laws: SimpleNamespace) -> Kernel:
    """The kernel of a gas of one species; laws : of `fused.laws`."""
    numbers = torch.tensor([model.time_step, table.weight], dtype=torch.float64)
    constants = (table.prefactor, table.half_exponent, table.inverse_alpha, table.share[0])
    numbers = torch.cat([numbers.to(table.prefactor.device), *constants])
    hard, isotropic = bool(table.is_hard[0]), bool(table.is_isotropic[0])  # Triton knows no NumPy
    return Kernel(collisions(laws), numbers, hard, isotropic)


def play(
    state: Particles, model: Model, kernel: Kernel, address: Address, sums: Tensor | None
) -> Tensor:
    """Let the particles of every cell collide for one time step; (FOUND,) int64, no wait.

    sums : (cells, 1, moments.COLUMNS) that takes note of the collisions, or None
    """
    cells = state.offsets.numel() - 1
    block = WARP if state.phase.is_cuda else triton.next_power_of_2(cells)  # one for all: quicker
    programs = triton.cdiv(cells, block)
    found = torch.empty((programs, FOUND), dtype=torch.int64, device=state.phase.device)
    kernel.function[(programs,)](
        state.phase, state.offsets, model.grid.volume, kernel.numbers,
        found if sums is None else sums, found, cells, address.step & 0xFFFFFFFF, *address.key,
        DIMENSION=state.dimension, HARD=kernel.hard, ISOTROPIC=kernel.isotropic,
        NOTED=sums is not None, BLOCK=block, num_warps=1, enable_fp_fusion=False,
    )  # fmt: skip
    return found.sum(dim=0)


def collisions(laws: SimpleNamespace) -> Callable:
    """The kernel around some laws."""
    like_pairs, bound_squared = laws.like_pairs, laws.bound_squared
    hard_sphere_rate, variable_rate = laws.hard_sphere_rate, laws.variable_rate
    candidate_rate, waiting_time, no_event = laws.candidate_rate, laws.waiting_time, laws.no_event
    isotropic_cosine, isotropic = laws.isotropic_cosine, laws.isotropic
    soft_sphere_cosine, deflect = laws.soft_sphere_cosine, laws.deflect
    centre_of_mass = laws.centre_of_mass
    candidate_words, angle_words = words_of(draws.CANDIDATES), words_of(draws.SCATTERING)
    one_of, uniform, fine_uniform = below, unit, unit_fine
    few, tiny, most_candidates = FEW, TINY, MOST
    collision_column, separation_column, row_of_sums = COLLISIONS, SEPARATIONS, COLUMNS
    found_of_program, time_place, weight_place = FOUND, TIME_STEP, WEIGHT
    prefactor_place, exponent_place, alpha_place = PREFACTOR, HALF_EXPONENT, INVERSE_ALPHA
    share_place, other_share_place = SHARE_I, SHARE_J

    def square(x, y, z):
        return x * x + y * y + z * z

    def read(place, there):
        """Three components at a place of each lane."""
        return (
            tl.load(place, mask=there, other=0.0),
            tl.load(place + 1, mask=there, other=0.0),
            tl.load(place + 2, mask=there, other=0.0),
        )

    def write(place, x, y, z, there):
        kind = place.dtype.element_ty
        tl.store(place, x.to(kind), mask=there)
        tl.store(place + 1, y.to(kind), mask=there)
        tl.store(place + 2, z.to(kind), mask=there)

    def box(place, stride, count):
        """The centre of the box around the velocities, and how far its corners are, squared."""
        x_0, y_0, z_0 = read(place, count > 0)
        x_1, y_1, z_1 = x_0, y_0, z_0
        for k in range(1, tl.max(count, axis=0)):
            here = k < count
            x, y, z = read(place + k * stride, here)
            x_0, x_1 = widened(x_0, x_1, x, here)
            y_0, y_1 = widened(y_0, y_1, y, here)
            z_0, z_1 = widened(z_0, z_1, z, here)
        x, y, z = 0.5 * (x_0 + x_1), 0.5 * (y_0 + y_1), 0.5 * (z_0 + z_1)
        return x, y, z, square(reach(x, x_0, x_1), reach(y, y_0, y_1), reach(z, z_0, z_1))

    def widened(least, most, x, here):
        most = tl.where(here, tl.maximum(most, x), most)
        return tl.where(here, tl.minimum(least, x), least), most

    def reach(middle, least, most):
        middle = middle.to(tl.float64)
        return tl.maximum(middle - least.to(tl.float64), most.to(tl.float64) - middle)

    def spread(place, stride, count, x_c, y_c, z_c, corner):
        """The farthest velocity from the centre, squared; the corner does for few."""
        longest = tl.max(count, axis=0)
        farthest = tl.zeros_like(corner)
        if longest > few:
            for k in range(longest):
                here = k < count
                x, y, z = read(place + k * stride, here)
                distance = square(x - x_c, y - y_c, z - z_c).to(tl.float64)
                farthest = tl.where(here, tl.maximum(farthest, distance), farthest)
        return tl.where(count > few, farthest, corner)

    def sigma_g(g_squared, numbers, HARD: tl.constexpr):
        if HARD:
            return hard_sphere_rate(g_squared, tl.load(numbers + prefactor_place))
        else:
            exponent = tl.load(numbers + exponent_place)
            return variable_rate(g_squared, tl.load(numbers + prefactor_place), exponent)

    def majorant(farthest, count, volume, numbers, HARD: tl.constexpr):
        """The majorant of sigma g, and the candidates per second."""
        rate = sigma_g(bound_squared(farthest, farthest), numbers, HARD)
        pairs = like_pairs(count.to(tl.float64))
        return rate, candidate_rate(pairs, tl.load(numbers + weight_place), rate, volume)

    def choose(begin, count, w_0, w_1):
        """Two different rows of a cell."""
        number = count.to(tl.uint64)
        i, j = one_of(w_0, number), one_of(w_1, number - 1)
        j = j + (j >= i).to(tl.uint64)
        return begin + i.to(tl.int64), begin + j.to(tl.int64)

    def turned(g_x, g_y, g_z, u, azimuth, numbers, ISOTROPIC: tl.constexpr):
        """The relative velocity after a collision."""
        if ISOTROPIC:
            return isotropic(square(g_x, g_y, g_z), isotropic_cosine(u), azimuth)
        else:
            cosine = soft_sphere_cosine(u, tl.load(numbers + alpha_place))
            return deflect(g_x, g_y, g_z, cosine, azimuth)

    def parted(v_i, v_j, h, numbers):
        """One component of the velocities of both after the collision."""
        share_i, share_j = tl.load(numbers + share_place), tl.load(numbers + other_share_place)
        centre = centre_of_mass(v_i, v_j, share_i, share_j)
        return centre + share_j * h, centre - share_i * h

    def scatter(
        place_i, place_j, v_i, v_j, accepted, u, azimuth, numbers, centre, ISOTROPIC: tl.constexpr
    ):  # fmt: skip
        """Let pairs collide; returns how far the farther one is now from the centre, squared."""
        kind = place_i.dtype.element_ty
        x_i, y_i, z_i = v_i
        x_j, y_j, z_j = v_j
        x_i, y_i, z_i = x_i.to(tl.float64), y_i.to(tl.float64), z_i.to(tl.float64)
        x_j, y_j, z_j = x_j.to(tl.float64), y_j.to(tl.float64), z_j.to(tl.float64)
        h_x, h_y, h_z = turned(x_i - x_j, y_i - y_j, z_i - z_j, u, azimuth, numbers, ISOTROPIC)
        x_i, x_j = parted(x_i, x_j, h_x, numbers)
        y_i, y_j = parted(y_i, y_j, h_y, numbers)
        z_i, z_j = parted(z_i, z_j, h_z, numbers)
        write(place_i, x_i, y_i, z_i, accepted)
        write(place_j, x_j, y_j, z_j, accepted)
        x, y, z = centre
        far_i = square(x_i.to(kind) - x, y_i.to(kind) - y, z_i.to(kind) - z)
        far_j = square(x_j.to(kind) - x, y_j.to(kind) - y, z_j.to(kind) - z)
        return tl.maximum(far_i.to(tl.float64), far_j.to(tl.float64))

    def apart(place_i, place_j, accepted, DIMENSION: tl.constexpr):
        """The squared distance of partners; their positions stand before their velocities."""
        total = tl.zeros(accepted.shape, tl.float64)
        for axis in tl.static_range(DIMENSION):
            x_i = tl.load(place_i - DIMENSION + axis, mask=accepted, other=0.0).to(tl.float64)
            x_j = tl.load(place_j - DIMENSION + axis, mask=accepted, other=0.0).to(tl.float64)
            total += (x_i - x_j) * (x_i - x_j)
        return total

    def collide_cells(
        phase, offsets, volumes, numbers, sums, found, cells, step, seed, replica,
        DIMENSION: tl.constexpr, HARD: tl.constexpr, ISOTROPIC: tl.constexpr, NOTED: tl.constexpr,
        BLOCK: tl.constexpr,
    ):  # fmt: skip
        """Play the candidates of BLOCK cells."""
        stride = DIMENSION + 3
        step, seed, replica = step.to(tl.uint64), seed.to(tl.uint64), replica.to(tl.uint64)
        cell = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        there = cell < cells
        begin = tl.load(offsets + cell, mask=there, other=0)
        count = tl.load(offsets + cell + 1, mask=there, other=0) - begin
        volume = tl.load(volumes + cell, mask=there, other=1.0)
        velocity = phase + DIMENSION
        time_step = tl.load(numbers + time_place)
        x, y, z, corner = box(velocity + begin * stride, stride, count)
        farthest = spread(velocity + begin * stride, stride, count, x, y, z, corner)
        rate, flow = majorant(farthest, count, volume, numbers, HARD)
        last = no_event(flow, time_step)
        product = tl.full([BLOCK], 1.0, tl.float64)
        elapsed = tl.zeros([BLOCK], tl.float64)
        candidates, collided = tl.zeros([BLOCK], tl.int64), tl.zeros([BLOCK], tl.int64)
        separations = tl.zeros([BLOCK], tl.float64)
        own = sums + cell.to(tl.int64) * row_of_sums
        if NOTED:  # added to what is there one by one, as on tensors
            separations = tl.load(own + separation_column, mask=there, other=0.0)
        draw = 0
        while (tl.max((product > last).to(tl.int32), axis=0) > 0) & (draw < most_candidates):
            w_0, w_1, w_2, w_3 = candidate_words(draw, cell, step, seed, replica)
            product = product * uniform(w_3)
            live = product > last
            i, j = choose(begin, count, w_0, w_1)
            place_i, place_j = velocity + i * stride, velocity + j * stride
            x_i, y_i, z_i = read(place_i, live)
            x_j, y_j, z_j = read(place_j, live)
            g_squared = square(x_i - x_j, y_i - y_j, z_i - z_j).to(tl.float64)
            accepted = live & (uniform(w_2) * rate < sigma_g(g_squared, numbers, HARD))
            if NOTED:
                separations += apart(place_i, place_j, accepted, DIMENSION)
            w_0, w_1, w_2, w_3 = angle_words(draw, cell, step, seed, replica)
            far = scatter(
                place_i, place_j, (x_i, y_i, z_i), (x_j, y_j, z_j), accepted,
                fine_uniform(w_0, w_1), fine_uniform(w_2, w_3), numbers, (x, y, z), ISOTROPIC,
            )  # fmt: skip
            candidates += live.to(tl.int64)
            collided += accepted.to(tl.int64)
            wider = accepted & (far > farthest)
            anew = wider | (live & (product < tiny))
            if tl.max(anew.to(tl.int32), axis=0) > 0:
                farthest = tl.where(wider, far, farthest)
                elapsed = tl.where(anew, elapsed + waiting_time(product, flow), elapsed)
                higher, flow_now = majorant(farthest, count, volume, numbers, HARD)
                rate, flow = tl.where(anew, higher, rate), tl.where(anew, flow_now, flow)
                last = tl.where(anew, no_event(flow, time_step - elapsed), last)
                product = tl.where(anew, 1.0, product)
            draw += 1
        if NOTED:
            noted = tl.load(own + collision_column, mask=there, other=0.0)
            tl.store(own + collision_column, noted + collided.to(tl.float64), mask=there)
            tl.store(own + separation_column, separations, mask=there)
        mine = found + tl.program_id(0) * found_of_program
        tl.store(mine, tl.sum(candidates, axis=0))
        tl.store(mine + 1, tl.sum(collided, axis=0))
        tl.store(mine + 2, tl.sum((product > last).to(tl.int64), axis=0))

    return compiled(collide_cells, do_not_specialize=["cells", "step", "seed", "replica"])
