"""Nonlinear relaxation of hard spheres from two isotropic states, tabulated.

Deterministic spectral solution of the nonlinear Boltzmann equation, Laguerre expansion with 60
terms (`isotropic_relaxation`), converged to the digits shown except the last (moment_1: the last
two or three). State "A" is the BKW shape with C = 3/5, state "B" half the particles at temperature
T/2 and half at 3T/2, both isotropic. Times are nu t, nu the collision rate of the equilibrium.
Each deviation is moment_k - 1 = <v^k>/<v^k>_Maxwell - 1, and H - H_eq.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative
from dsmc.reference.isotropic_relaxation import ISOTROPIC_STATES
from dsmc.reference.sonine_operator import HARD_SPHERE_EIGENVALUES

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

Values = NDArray[np.float64]

HARD_SPHERE_TIMES = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0])
"""The times nu t at which histories are usually compared; all of them are tabulated nodes."""
HARD_SPHERE_TIMES.flags.writeable = False

HARD_SPHERE_QUANTITIES = ("moment_1", "moment_4", "moment_6", "moment_8", "h_excess")
"""The quantities of `hard_sphere_history`, in the order of the tables' columns."""

# nu t, then the deviations of HARD_SPHERE_QUANTITIES
_STATE_A = """
    0         3.27955590e-02 -1.60000000e-01 -3.52000000e-01 -5.24800000e-01  6.39299682e-02
    0.015625  3.25509604e-02 -1.58970159e-01 -3.50012348e-01 -5.22262393e-01  6.27384136e-02
    0.03125   3.23082015e-02 -1.57946209e-01 -3.48033031e-01 -5.19730959e-01  6.15779080e-02
    0.0625    3.18281469e-02 -1.55915887e-01 -3.44099391e-01 -5.14686818e-01  5.93416075e-02
    0.125     3.08895028e-02 -1.51924843e-01 -3.36331997e-01 -5.04674826e-01  5.51708607e-02
    0.25      2.90950693e-02 -1.44215558e-01 -3.21195659e-01 -4.84966417e-01  4.78441289e-02
    0.375     2.74056250e-02 -1.36859374e-01 -3.06587613e-01 -4.65696811e-01  4.16225164e-02
    0.5       2.58149417e-02 -1.29843604e-01 -2.92503001e-01 -4.46884946e-01  3.62965420e-02
    0.625     2.43171705e-02 -1.23155687e-01 -2.78935633e-01 -4.28546785e-01  3.17124175e-02
    0.75      2.29068179e-02 -1.16783226e-01 -2.65878125e-01 -4.10695448e-01  2.77509027e-02
    0.875     2.15787225e-02 -1.10714016e-01 -2.53322036e-01 -3.93341360e-01  2.43166533e-02
    1         2.03280346e-02 -1.04936070e-01 -2.41258001e-01 -3.76492407e-01  2.13318961e-02
    1.25      1.80409237e-02 -9.42072574e-02 -2.18564732e-01 -3.44329715e-01  1.64640823e-02
    1.5       1.60122056e-02 -8.45060808e-02 -1.97709370e-01 -3.14225824e-01  1.27474632e-02
    1.75      1.42124602e-02 -7.57464771e-02 -1.78595280e-01 -2.86169007e-01  9.89519703e-03
    2         1.26156660e-02 -6.78473347e-02 -1.61121028e-01 -2.60122487e-01  7.69742289e-03
    2.25      1.11987972e-02 -6.07326535e-02 -1.45182827e-01 -2.36029271e-01  5.99843377e-03
    2.5       9.94146994e-03 -5.43315899e-02 -1.30676555e-01 -2.13816602e-01  4.68149960e-03
    2.75      8.82563337e-03 -4.85784079e-02 -1.17499386e-01 -1.93399943e-01  3.65841087e-03
    3         7.83529718e-03 -4.34123593e-02 -1.05551076e-01 -1.74686471e-01  2.86208870e-03
    3.5       6.17606188e-03 -3.46225231e-02 -8.49586147e-02 -1.41973949e-01  1.75657614e-03
    4         4.86865358e-03 -2.75683442e-02 -6.81799955e-02 -1.14873482e-01  1.08126838e-03
    4.5       3.83830262e-03 -2.19216661e-02 -5.45763954e-02 -9.25932658e-02  6.67095954e-04
    5         3.02619170e-03 -1.74114922e-02 -4.35930052e-02 -7.43934925e-02  4.12297889e-04
    5.5       2.38602875e-03 -1.38157102e-02 -3.47563592e-02 -5.96072111e-02  2.55172721e-04
    6         1.88136518e-03 -1.09534004e-02 -2.76679875e-02 -4.76488534e-02  1.58098795e-04
    6.5       1.48349371e-03 -8.67795076e-03 -2.19962584e-02 -3.80146007e-02  9.80378428e-05
    7         1.16979863e-03 -6.87105593e-03 -1.74676515e-02 -3.02777732e-02  6.08347111e-05
    7.5       9.22459678e-04 -5.43758975e-03 -1.38582338e-02 -2.40815293e-02  3.77694101e-05
    8         7.27433066e-04 -4.30128927e-03 -1.09857768e-02 -1.91304315e-02  2.34591162e-05
    8.5       5.73649758e-04 -3.40116495e-03 -8.70272876e-03 -1.51818726e-02  1.45756411e-05
    9         4.52384500e-04 -2.68854249e-03 -6.89010827e-03 -1.20379541e-02  9.05853907e-06
    9.5       3.56758982e-04 -2.12464338e-03 -5.45230130e-03 -9.53812859e-03  5.63091997e-06
    10        2.81350525e-04 -1.67861797e-03 -4.31269108e-03 -7.55273635e-03  3.50084140e-06
    11        1.74987882e-04 -1.04719689e-03 -2.69545391e-03 -4.72859940e-03  1.35368564e-06
    12        1.08839060e-04 -6.52884787e-04 -1.68284640e-03 -2.95588905e-03  5.23610917e-07
    13        6.76979307e-05 -4.06857329e-04 -1.04980048e-03 -1.84565279e-03  2.02577547e-07
    14        4.21092650e-05 -2.53450587e-04 -6.54494794e-04 -1.15145316e-03  7.83848061e-08
    15        2.61932777e-05 -1.57843126e-04 -4.07855703e-04 -7.17908873e-04  3.03325678e-08
    16        1.62933549e-05 -9.82801670e-05 -2.54070773e-04 -4.47389949e-04  1.17384233e-08
    17        1.01353433e-05 -6.11834568e-05 -1.58228796e-04 -2.78705873e-04  4.54281647e-09
    18        6.30481952e-06 -3.80842426e-05 -9.85201503e-05 -1.73574263e-04  1.75812637e-09
    19        3.92204181e-06 -2.37034492e-05 -6.13328374e-05 -1.08076419e-04  6.80426235e-10
    20        2.43981212e-06 -1.47516896e-05 -3.81772412e-05 -6.72826949e-05  2.63339443e-10
"""

_STATE_B = """
    0        -3.40741737e-02  2.50000000e-01  7.50000000e-01  1.56250000e+00  4.44343496e-02
    0.015625 -3.38248716e-02  2.47925941e-01  7.43225766e-01  1.54713582e+00  4.38244743e-02
    0.03125  -3.35773787e-02  2.45870308e-01  7.36518643e-01  1.53193854e+00  4.32228202e-02
    0.0625   -3.30877690e-02  2.41813611e-01  7.23302813e-01  1.50203688e+00  4.20437383e-02
    0.125    -3.21296976e-02  2.33913586e-01  6.97644855e-01  1.44415174e+00  3.97795006e-02
    0.25     -3.02953699e-02  2.18929368e-01  6.49270959e-01  1.33564589e+00  3.56040778e-02
    0.375    -2.85650383e-02  2.04965301e-01  6.04546872e-01  1.23609823e+00  3.18593227e-02
    0.5      -2.69328845e-02  1.91946049e-01  5.63170904e-01  1.14470672e+00  2.85014657e-02
    0.625    -2.53934078e-02  1.79802385e-01  5.24868340e-01  1.06074431e+00  2.54911861e-02
    0.75     -2.39414080e-02  1.68470650e-01  4.89388920e-01  9.83552085e-01  2.27931407e-02
    0.875    -2.25719699e-02  1.57892262e-01  4.56504548e-01  9.12532965e-01  2.03755485e-02
    1        -2.12804487e-02  1.48013270e-01  4.26007216e-01  8.47145921e-01  1.82098241e-02
    1.25     -1.89138437e-02  1.30158466e-01  3.71430969e-01  7.31352658e-01  1.45336962e-02
    1.5      -1.68093146e-02  1.14552932e-01  3.24330750e-01  6.32774009e-01  1.15884691e-02
    1.75     -1.49380646e-02  1.00895357e-01  2.83595432e-01  5.48613590e-01  9.23148641e-03
    2        -1.32744152e-02  8.89280796e-02  2.48293745e-01  4.76565749e-01  7.34737587e-03
    2.25     -1.17954778e-02  7.84301915e-02  2.17642902e-01  4.14724876e-01  5.84291874e-03
    2.5      -1.04808581e-02  6.92118214e-02  1.90982988e-01  3.61511710e-01  4.64288365e-03
    2.75     -9.31239032e-03  6.11093897e-02  1.67756042e-01  3.15613611e-01  3.68663593e-03
    3        -8.27389865e-03  5.39816518e-02  1.47488926e-01  2.75936182e-01  2.92537431e-03
    3.5      -6.53082612e-03  4.21776488e-02  1.14284036e-01  2.11729341e-01  1.83867426e-03
    4        -5.15443064e-03  3.30035193e-02  8.88050772e-02  1.63186557e-01  1.15328933e-03
    4.5      -4.06776620e-03  2.58566867e-02  6.91697586e-02  1.26243811e-01  7.22176400e-04
    5        -3.20996579e-03  2.02782959e-02  5.39824372e-02  9.79701844e-02  4.51605310e-04
    5.5      -2.53290627e-03  1.59170432e-02  4.21992941e-02  7.62275264e-02  2.82099521e-04
    6        -1.99855578e-03  1.25027256e-02  3.30336288e-02  5.94395156e-02  1.76063510e-04
    6.5      -1.57686754e-03  9.82670270e-03  2.58885292e-02  4.64329643e-02  1.09809026e-04
    7        -1.24410961e-03  7.72733686e-03  2.03084407e-02  3.63273465e-02  6.84496166e-05
    7.5      -9.81541749e-04  6.07905424e-03  1.59439466e-02  2.84569024e-02  4.26499188e-05
    8        -7.74368042e-04  4.78406933e-03  1.25258896e-02  2.23150266e-02  2.65655739e-05
    8.5      -6.10908361e-04  3.76608552e-03  9.84618176e-03  1.75140952e-02  1.65426582e-05
    9        -4.81943314e-04  2.96547429e-03  7.74345155e-03  1.37561243e-02  1.02991451e-05
    9.5      -3.80196512e-04  2.33556923e-03  6.09223033e-03  1.08111237e-02  6.41100736e-06
    10       -2.99925539e-04  1.83980578e-03  4.79475031e-03  8.50098126e-03  3.99021111e-06
    11       -1.86640721e-04  1.14216168e-03  2.97236941e-03  5.26259228e-03  1.54530432e-06
    12       -1.16139403e-04  7.09395098e-04  1.84418956e-03  3.26189420e-03  5.98306762e-07
    13       -7.22664291e-05  4.40759805e-04  1.14492356e-03  2.02361690e-03  2.31615484e-07
    14       -4.49655807e-05  2.73925030e-04  7.11125606e-04  1.25623099e-03  8.96542496e-08
    15       -2.79777402e-05  1.70274753e-04  4.41840475e-04  7.80223871e-04  3.47016094e-08
    16       -1.74074704e-05  1.05861394e-04  2.74598534e-04  4.84757680e-04  1.34311590e-08
    17       -1.08305564e-05  6.58231772e-05  1.70694001e-04  3.01264496e-04  5.19838462e-09
    18       -6.73843699e-06  4.09319723e-05  1.06122193e-04  1.87267059e-04  2.01195363e-09
    19       -4.19239211e-06  2.54554320e-05  6.59853513e-05  1.16424579e-04  7.78689539e-10
    20       -2.60831357e-06  1.58316277e-05  4.10328001e-05  7.23906772e-05  3.01376122e-10
"""


@lru_cache(maxsize=2)
def hard_sphere_deviations(state: str) -> tuple[Values, Values]:
    """The table of one state: times nu t : (T,), deviations : (T, 5), see HARD_SPHERE_QUANTITIES.

    Read-only arrays. Raises ValueError unless state is "A" or "B".
    """
    choice("state", state, ISOTROPIC_STATES)
    table = np.array((_STATE_A if state == "A" else _STATE_B).split(), dtype=np.float64)
    table = table.reshape(-1, 1 + len(HARD_SPHERE_QUANTITIES))
    table.flags.writeable = False
    return table[:, 0], table[:, 1:]


@lru_cache(maxsize=2 * len(HARD_SPHERE_QUANTITIES))
def _logarithm(state: str, quantity: str) -> CubicSpline:
    """Cubic spline of ln |deviation| in nu t."""
    from scipy.interpolate import CubicSpline

    times, deviations = hard_sphere_deviations(state)
    column = deviations[:, HARD_SPHERE_QUANTITIES.index(quantity)]
    return CubicSpline(times, np.log(np.abs(column)))


def hard_sphere_history(state: str, quantity: str, collisions: ArrayLike) -> Values:
    """Hard spheres relaxing from state "A" or "B" after `collisions` = nu t >= 0 : any shape.

    quantity: "moment_1", "moment_4", "moment_6", "moment_8" (over their Maxwellian values) or
    "h_excess" (H - H_eq per particle). Cubic spline of ln |deviation|: exact at the nodes, between
    them within 1e-6 of the deviation (5e-6 for "h_excess" of "A" before nu t = 1/2, where f starts
    from zero at v = 0). Beyond the table, nu t > 20, the deviation decays at the lowest eigenvalue
    of the isotropic linear operator, 0.474629 per tau_c (twice that for "h_excess").
    Source: deterministic spectral solution of the nonlinear Boltzmann equation, see above.
    Raises ValueError for another state or quantity, or negative times.
    """
    choice("state", state, ISOTROPIC_STATES)
    choice("quantity", quantity, HARD_SPHERE_QUANTITIES)
    time = non_negative("collisions", collisions)
    times, deviations = hard_sphere_deviations(state)
    inside = np.minimum(time, times[-1])
    rate = HARD_SPHERE_EIGENVALUES["fourth_moment"] * (2.0 if quantity == "h_excess" else 1.0)
    size = np.exp(_logarithm(state, quantity)(inside) - rate * (time - inside))
    if quantity == "h_excess":
        return size[()]
    sign = np.sign(deviations[0, HARD_SPHERE_QUANTITIES.index(quantity)])
    return (1.0 + sign * size)[()]
