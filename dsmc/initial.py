"""Initial states: positions and velocities drawn from the distribution that a scenario names.

Each velocity law maps independent uniforms to velocities in units of v0 = sqrt(2 k T / m), about
the flow velocity.  Rows are drawn in blocks, each row at its own address, so a state depends on the
seed alone.  Shares (hot and cold, left and right beam, species) are exact quotas, not coin throws.

    u : (n, 6) uniforms; rows : (n,) numbers of the particles; result : (n, 3) [v0]
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.species import BOLTZMANN

BLOCK = 1 << 18  # rows drawn at once
UNIFORMS = 6  # uniforms per row

Law = Callable[[np.ndarray, np.ndarray], np.ndarray]


class EarlierParticles(NamedTuple):
    """Particles of an earlier run: position (K, d) [m], velocity (K, 3) [m/s], species (K,).

    Rows with NaN among the velocities are empty places.
    """

    position: np.ndarray
    velocity: np.ndarray
    species: np.ndarray | None = None


class CellGas(NamedTuple):
    """A gas as the fields of an earlier run tell it: the state of cells that fill the box.

    edges : the faces of the cells along each axis [m], x first; the other arrays count x fastest
    number_density : (C,) [m^-3]; velocity : (C, 3) [m/s]; temperature : (C,) [K], of any value
    where the density is 0
    """

    edges: tuple[np.ndarray, ...]
    number_density: np.ndarray
    velocity: np.ndarray
    temperature: np.ndarray

    @property
    def volumes(self) -> np.ndarray:
        """The volume of each cell, (C,) [m^3]."""
        volumes = np.ones(1)
        for axis in reversed(self.edges):
            volumes = np.multiply.outer(volumes, np.diff(axis)).ravel()
        return volumes


def normals(u: np.ndarray) -> np.ndarray:
    """Three standard normals from four uniforms (Box and Muller); u : (n, >= 4)."""
    r, angle = np.sqrt(-2.0 * np.log(u[:, 0:4:2])), 2.0 * np.pi * u[:, 1:4:2]
    return np.stack([r[:, 0] * np.cos(angle[:, 0]), r[:, 0] * np.sin(angle[:, 0]),
                     r[:, 1] * np.cos(angle[:, 1])], axis=1)  # fmt: skip


def directions(u: np.ndarray) -> np.ndarray:
    """Unit vectors uniform on the sphere (Bird 1994, appendix C); u : (n, >= 2) uniforms."""
    cosine = 2.0 * u[:, 0] - 1.0
    sine, azimuth = np.sqrt(1.0 - cosine**2), 2.0 * np.pi * u[:, 1]
    return np.stack([cosine, sine * np.cos(azimuth), sine * np.sin(azimuth)], axis=1)


def first_share(rows: np.ndarray, share: float) -> np.ndarray:
    """Mark a share of rows : (n,), spread evenly: row i if floor((i+1) s) > floor(i s)."""
    return np.floor((rows + 1) * share) > np.floor(rows * share)


def equilibrium(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Maxwell: components of variance 1/2 (Bird 1994, ch. 4); u : (n, 6), rows : (n,)."""
    return normals(u) * np.sqrt(0.5)


def bkw(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The BKW mode at C = 3/5: c^2 = 0.6 x, x of the gamma law of shape 5/2, any direction.

    Bobylev 1975; Krook & Wu, Phys. Fluids 20 (1977) 1589.  x = -ln(u1 u2) + z^2/2.
    u : (n, 6); rows : (n,)
    """
    z = np.sqrt(-2.0 * np.log(u[:, 2])) * np.cos(2.0 * np.pi * u[:, 3])
    x = -np.log(u[:, 0] * u[:, 1]) + 0.5 * z**2
    return np.sqrt(0.6 * x)[:, None] * directions(u[:, 4:6])


def bi_maxwellian(ratio: float) -> Law:
    """T_x = ratio T_p, T_y = T_z = T_p, mean temperature 1."""
    across = 3.0 / (ratio + 2.0)
    widths = np.sqrt(0.5 * np.array([ratio * across, across, across]))
    return lambda u, rows: normals(u) * widths


def two_temperature(low: float, high: float, share: float) -> Law:
    """A share at temperature `low`, the rest at `high`, scaled to mean temperature 1."""
    mean = share * low + (1.0 - share) * high

    def law(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        temperature = np.where(first_share(rows, share), low, high) / mean
        return normals(u) * np.sqrt(0.5 * temperature)[:, None]

    return law


def two_beams(ratio: float) -> Law:
    """Maxwellians of temperature `ratio` at +-u0 along x; u0^2 = 3/2 (1 - ratio) v0^2."""

    def law(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        velocity = normals(u) * np.sqrt(0.5 * ratio)
        velocity[:, 0] += np.where(first_share(rows, 0.5), 1.0, -1.0) * np.sqrt(1.5 * (1 - ratio))
        return velocity

    return law


def shell(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Every speed sqrt(3/2) v0, any direction; u : (n, 6), rows : (n,)."""
    return np.sqrt(1.5) * directions(u)


def uniform_cube(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Every component uniform within +-sqrt(3/2) v0; u : (n, 6), rows : (n,)."""
    return np.sqrt(1.5) * (2.0 * u[:, :3] - 1.0)


def velocity_law(initial) -> Law:
    """The velocity law of an initial state of a scenario, by its kind."""
    kind = initial.kind
    if kind == "bi-maxwellian":
        return bi_maxwellian(initial.temperature_ratio)
    if kind == "two-temperature":
        return two_temperature(initial.low, initial.high, initial.share)
    if kind == "two-beams":
        return two_beams(initial.beam_temperature_ratio)
    return {"equilibrium": equilibrium, "bkw": bkw, "shell": shell,
            "uniform-cube": uniform_cube, "riemann": equilibrium,
            "shear-wave": equilibrium}[kind]  # fmt: skip


def species_column(count: int, fractions: tuple[float, ...]) -> np.ndarray | None:
    """(N,) int8 species of each particle by exact quota; None for a single species."""
    if len(fractions) == 1:
        return None
    ends = np.rint(np.cumsum(fractions) * count).astype(np.int64)
    return np.searchsorted(ends, np.arange(count), side="right").astype(np.int8)


def phase_rows(scenario, key, dtype, earlier=None) -> tuple[np.ndarray, np.ndarray | None]:
    """Draw the initial particles of a scenario: phase : (N, d + 3) [m, m/s] and their species.

    earlier : EarlierParticles or CellGas of the file that initial.kind = "file" names
    """
    if isinstance(earlier, CellGas):
        phase, species = local_equilibrium(scenario, key, dtype, earlier)
    elif earlier is not None:
        phase, species = reused_rows(scenario, key, dtype, EarlierParticles(*earlier))
    else:
        phase = np.empty((scenario.particle_count, scenario.dimension + 3), dtype)
        species = species_column(phase.shape[0], scenario.fractions)
        draw = riemann_block if scenario.initial.kind == "riemann" else uniform_block
        for rows in blocks(phase.shape[0]):
            own = slice(rows[0], rows[-1] + 1)
            draw(scenario, key, phase[own], rows, None if species is None else species[own])
    make_exact(scenario, phase[:, scenario.dimension :], species)
    if scenario.initial.kind == "shear-wave":
        set_wave(scenario, phase)
    return phase, species


def set_wave(scenario, phase: np.ndarray) -> None:
    """Give a gas at rest a shear wave whose amplitude is exactly the stated one.

    phase : (N, d + 3) [m, m/s], changed
    """
    d, length = scenario.dimension, scenario.lengths[0]
    present = sum(
        float(along_wave(phase[rows, 0], phase[rows, d:], length).sum())
        for rows in blocks(phase.shape[0])
    )
    missing = scenario.initial.amplitude_m_s - present / phase.shape[0]
    for rows in blocks(phase.shape[0]):
        phase[rows, d + 1 :] += missing * wave(phase[rows, 0], length)


def wave(place: np.ndarray, length: float) -> np.ndarray:
    """The y and z components of the wave (0, sin, cos)(2 pi x / L): (N, 2).

    place : (N,) x [m]; length : L [m]
    """
    angle = 2.0 * np.pi / length * place.astype(np.float64)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def along_wave(place: np.ndarray, velocity: np.ndarray, length: float) -> np.ndarray:
    """The component of each velocity along the wave where it is; its mean is the amplitude, (N,).

    place : (N,) x [m]; velocity : (N, 3) [m/s]; length : L [m]
    """
    return (velocity[:, 1:] * wave(place, length)).sum(axis=1)


def blocks(count: int) -> Iterator[np.ndarray]:
    """The numbers 0 … count - 1 in runs of at most BLOCK."""
    for start in range(0, count, BLOCK):
        yield np.arange(start, min(start + BLOCK, count))


def block_uniforms(key, stream: int, rows: np.ndarray, columns: int) -> np.ndarray:
    """(n, columns) uniforms at the addresses of consecutive rows : (n,)."""
    u = np.empty((rows.size, columns))
    draws.uniforms(key, stream, int(rows[0]), u)
    return u


def uniform_block(scenario, key, phase, rows, species) -> None:
    """Fill rows of a gas that is the same everywhere, one velocity law for every species."""
    d = scenario.dimension
    phase[:, :d] = block_uniforms(key, draws.INITIAL_POSITION, rows, d) * scenario.lengths
    u = block_uniforms(key, draws.INITIAL_VELOCITY, rows, UNIFORMS)
    temperature, flow = species_state(scenario)
    mass = np.array([molecule.mass for molecule in scenario.molecules])
    which = 0 if species is None else species
    v0 = np.sqrt(2.0 * BOLTZMANN * temperature / mass)[which]
    phase[:, d:] = velocity_law(scenario.initial)(u, rows) * np.expand_dims(v0, -1) + flow[which]


def species_state(scenario) -> tuple[np.ndarray, np.ndarray]:
    """Initial temperature (S,) [K] and flow velocity (S, 3) [m/s] of every species."""
    initial = scenario.initial
    entries = scenario.species or (None,)
    own_temperature = [getattr(entry, "temperature_K", None) for entry in entries]
    own_flow = [getattr(entry, "velocity_m_s", None) for entry in entries]
    return (
        np.array([initial.temperature_K if t is None else t for t in own_temperature], float),
        np.array([initial.velocity_m_s if v is None else v for v in own_flow], float),
    )


def riemann_block(scenario, key, phase, rows, species) -> None:
    """Fill rows of two half-spaces; the particles divide in proportion to density times volume."""
    d, initial = scenario.dimension, scenario.initial
    left = initial.left.number_density_m3 * initial.split
    right = initial.right.number_density_m3 * (1.0 - initial.split)
    is_left = first_share(rows, left / (left + right))
    u = block_uniforms(key, draws.INITIAL_POSITION, rows, d)
    x = np.where(is_left, u[:, 0] * initial.split, initial.split + u[:, 0] * (1 - initial.split))
    phase[:, :d] = np.column_stack([x, u[:, 1:]]) * scenario.lengths
    temperature = np.where(is_left, initial.left.temperature_K, initial.right.temperature_K)
    mass = np.array([molecule.mass for molecule in scenario.molecules])
    mass = mass[0 if species is None else species]
    v0 = np.sqrt(2.0 * BOLTZMANN * temperature / mass)[:, None]
    flow = np.where(is_left[:, None], initial.left.velocity_m_s, initial.right.velocity_m_s)
    velocities = block_uniforms(key, draws.INITIAL_VELOCITY, rows, UNIFORMS)
    phase[:, d:] = equilibrium(velocities, rows) * v0 + flow


def reused_rows(
    scenario, key, dtype, earlier: EarlierParticles
) -> tuple[np.ndarray, np.ndarray | None]:
    """Start from earlier particles: phase : (N, d + 3) and species : (N,) or None.

    As many as the scenario has are taken as they are. For another number particles are drawn with
    replacement, and each is put anywhere in its cell: no two stand at the same place.

    Raises ValueError where there are none, they do not fit the box, or species are not as needed.
    """
    count, kinds = scenario.particle_count, len(scenario.molecules)
    present = np.isfinite(earlier.velocity).all(axis=1)
    position, velocity = earlier.position[present], earlier.velocity[present]
    species = None
    if kinds > 1:
        if earlier.species is None:
            raise misfit(scenario, "does not tell the species of particles: name a checkpoint.h5")
        species = earlier.species[present].astype(np.int8)
        if ((species < 0) | (species >= kinds)).any():
            raise misfit(scenario, f"holds other species than the {kinds} of the scenario")
    if velocity.shape[0] == 0:
        raise misfit(scenario, "holds no particles")
    if not ((position >= 0.0) & (position <= scenario.lengths)).all():
        raise misfit(scenario, "holds particles that lie outside domain.length_m")
    if velocity.shape[0] == count:
        return np.hstack([position, velocity]).astype(dtype), species
    chosen = np.empty(count, np.int64)
    phase = np.empty((count, scenario.dimension + 3), dtype)
    edges = [np.asarray(axis) for axis in scenario.faces]
    for rows in blocks(count):
        choice = block_uniforms(key, draws.INITIAL_CHOICE, rows, 1)[:, 0]
        chosen[rows] = choice * velocity.shape[0]
        pairs = zip(edges, position[chosen[rows]].T, strict=True)
        cell = np.stack([np.searchsorted(axis[1:-1], x, "right") for axis, x in pairs], axis=1)
        inside = block_uniforms(key, draws.INITIAL_POSITION, rows, scenario.dimension)
        place = anywhere(edges, cell, inside, scenario.lengths)
        phase[rows] = np.hstack([place, velocity[chosen[rows]]])
    return phase, None if species is None else species[chosen]


def misfit(scenario, what: str) -> ValueError:
    """The error that the file of an initial state does not fit the scenario."""
    return ValueError(f"initial.path: {scenario.initial.path} {what}")


def local_equilibrium(scenario, key, dtype, gas: CellGas) -> tuple[np.ndarray, np.ndarray | None]:
    """Draw every cell of earlier fields from Maxwell's distribution of its own n, u and T.

    Cell c gets n_c V_c / F_N particles, rounded up or down so that the mean is right; if the
    scenario gives a number of particles, the densities are scaled to have exactly that many. Every
    species has its stated share of all particles, and the u and T of the cell.

    Returns phase : (N, d + 3) and species : (N,) or None.
    """
    wanted = np.cumsum(gas.number_density * gas.volumes)
    if scenario.initial.weight is None:
        wanted = wanted / wanted[-1] * scenario.particle_count
    else:
        wanted /= scenario.weight
    shift = block_uniforms(key, draws.INITIAL_CHOICE, np.zeros(1, int), 1)[0, 0]
    ends = np.floor(wanted + shift).astype(np.int64)
    count = int(ends[-1])
    if count == 0:
        raise misfit(scenario, "holds less gas than one particle stands for: lower initial.weight")
    species = species_column(count, scenario.fractions)
    if species is not None:  # in random order, since rows go cell by cell
        order = [block_uniforms(key, draws.INITIAL_CHOICE, rows, 2)[:, 1] for rows in blocks(count)]
        species = species[np.argsort(np.concatenate(order))]
    mass = np.array([molecule.mass for molecule in scenario.molecules])
    phase = np.empty((count, scenario.dimension + 3), dtype)
    cells = tuple(axis.size - 1 for axis in gas.edges)
    for rows in blocks(count):
        cell = np.searchsorted(ends, rows, side="right")
        corner = np.stack(np.unravel_index(cell, cells, order="F"), axis=1)
        inside = block_uniforms(key, draws.INITIAL_POSITION, rows, scenario.dimension)
        own_mass = mass[0 if species is None else species[rows]]
        v0 = np.sqrt(2.0 * BOLTZMANN * gas.temperature[cell] / own_mass)
        u = block_uniforms(key, draws.INITIAL_VELOCITY, rows, UNIFORMS)
        velocity = equilibrium(u, rows) * v0[:, None] + gas.velocity[cell]
        phase[rows] = np.hstack([anywhere(gas.edges, corner, inside, scenario.lengths), velocity])
    return phase, species


def anywhere(
    edges: Sequence[np.ndarray], cell: np.ndarray, inside: np.ndarray, lengths: Sequence[float]
) -> np.ndarray:
    """Positions in given cells, (n, d) [m].

    edges : the faces along each axis [m]; cell : (n, d) numbers; inside : (n, d) uniforms
    """
    low = np.stack([axis[k] for axis, k in zip(edges, cell.T, strict=True)], axis=1)
    high = np.stack([axis[k + 1] for axis, k in zip(edges, cell.T, strict=True)], axis=1)
    return np.minimum(low + inside * (high - low), lengths)


def make_exact(scenario, velocity: np.ndarray, species: np.ndarray | None) -> None:
    """Give the sample exactly its stated momentum and energy, where the scenario asks for it.

    Momentum: the mass-weighted mean becomes the stated flow velocity.  Energy: deviations from the
    mean are scaled so that their energy is 3/2 k T per particle.

    velocity : (N, 3) [m/s], changed; species : (N,) or None
    """
    initial = scenario.initial
    if initial.kind == "riemann" or not (initial.zero_momentum or initial.exact_energy):
        return
    temperature, flow = species_state(scenario)
    mass = np.array([molecule.mass for molecule in scenario.molecules])
    which = np.zeros(velocity.shape[0], np.int8) if species is None else species
    numbers = np.bincount(which, minlength=mass.size)
    weights = mass[which]
    mean = (weights @ velocity.astype(float)) / weights.sum()
    stated = (numbers * mass) @ flow / (numbers * mass).sum()
    relative = velocity - mean
    if initial.exact_energy:
        drift_energy = 0.5 * numbers * mass * ((flow - stated) ** 2).sum(axis=1)
        wanted = (1.5 * BOLTZMANN * numbers * temperature + drift_energy).sum()
        present = 0.5 * (weights @ (relative**2).sum(axis=1))
        if present > 0.0:
            relative *= np.sqrt(wanted / present)
    velocity[:] = relative + (stated if initial.zero_momentum else mean)
