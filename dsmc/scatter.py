"""Laws of scattering: the relative velocity after an elastic collision.

Legend: g relative velocity v_i - v_j, chi deflection angle, k a unit vector, xi a vector of
standard normals, e coefficient of restitution.  In three dimensions the laws return components; in
any dimension they take dot products and return the coefficients of rows, so that the dimension
stays in the loop that calls them.

    Bird 1994: G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows.
    Koura & Matsumoto, Phys. Fluids A 3 (1991) 2459 (the variable soft sphere).
    T. Duff et al., J. Computer Graphics Techniques 6 (2017) 1 (a basis around a vector).

`mirror`, `approach`, `mirrored_line_of_centres` and `cosine_force` are for positions of which only
the direction counts, up to its sign: the line of centres of the same hard-sphere collision on the
sphere of directions, and a soft repulsion there.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

from dsmc.compiled import law
from dsmc.elementary import cosine, power, sine, where


def laws(
    sqrt: Callable,
    cos: Callable,
    sin: Callable,
    copysign: Callable,
    where: Callable,
    power: Callable,
) -> SimpleNamespace:
    """The laws over the elementary functions of a backend (math for Numba, torch for a device)."""
    turn = 2.0 * math.pi

    def isotropic_cosine(u):
        """cos(chi) = 2 u - 1: all directions equally likely (Bird 1994, section 2.2)."""
        return 2.0 * u - 1.0

    def soft_sphere_cosine(u, inverse_alpha):
        """cos(chi) = 2 u^(1/alpha) - 1, the variable soft sphere (Bird 1994, section 2.7)."""
        return 2.0 * power(u, inverse_alpha) - 1.0

    def direction(cosine, u):
        """Unit vector at polar cosine `cosine` and azimuth 2 pi u."""
        sine = sqrt(where(cosine * cosine < 1.0, 1.0 - cosine * cosine, 0.0))
        azimuth = turn * u
        return cosine, sine * cos(azimuth), sine * sin(azimuth)

    def isotropic(g_squared, cosine, u):
        """g' = |g| n in three dimensions, n uniform on the sphere (Bird 1994, section 11.2)."""
        g = sqrt(g_squared)
        n_x, n_y, n_z = direction_of(cosine, u)
        return g * n_x, g * n_y, g * n_z

    def deflect(g_x, g_y, g_z, cosine, u):
        """Turn g by chi, with azimuth 2 pi u, in three dimensions (Bird 1994, eq. 2.22).

        The basis around g is that of Duff et al., which has no singular direction.
        """
        g = sqrt(g_x * g_x + g_y * g_y + g_z * g_z)
        inverse = 1.0 / where(g > 0.0, g, 1.0)
        x, y, z = g_x * inverse, g_y * inverse, g_z * inverse
        sign = copysign(1.0, z)
        a = -1.0 / (sign + z)
        b = x * y * a
        along, p, q = direction_of(cosine, u)
        return (
            along * g_x + g * (p * (1.0 + sign * x * x * a) + q * b),
            along * g_y + g * (p * sign * b + q * (sign + y * y * a)),
            along * g_z - g * (p * sign * x + q * y),
        )

    def isotropic_row(g_squared, xi_squared):
        """b of g' = b xi in any dimension: |g'| = |g|, direction of xi uniform."""
        return sqrt(g_squared / where(xi_squared > 0.0, xi_squared, 1.0))

    def deflect_row(g_squared, g_dot_xi, xi_squared, cosine):
        """(a, b) of g' = a g + b xi in any dimension: deflection chi, uniform around g.

        xi_perp = xi - (g.xi / g^2) g;  b = |g| sin(chi) / |xi_perp|;  a = cos(chi) - b g.xi / g^2.
        On a line there is no direction across g: a is the sign of cos(chi).
        """
        along = g_dot_xi / where(g_squared > 0.0, g_squared, 1.0)
        across_squared = xi_squared - along * g_dot_xi
        plane = across_squared > 1e-14 * xi_squared
        sine_squared = where(cosine * cosine < 1.0, 1.0 - cosine * cosine, 0.0)
        b = where(plane, sqrt(g_squared * sine_squared / where(plane, across_squared, 1.0)), 0.0)
        a = where(plane, cosine - b * along, copysign(1.0, cosine))
        return a, b

    def stretch(g_squared, h_squared):
        """|g|/|h| - 1, small and exact to its last digits where |h| misses |g| by rounding.

        (g^2 - h^2)/(h^2 + |g||h|); a factor |g|/|h| itself would be rounded one-sidedly next to 1.
        """
        total = h_squared + sqrt(g_squared * h_squared)
        return (g_squared - h_squared) / where(total > 0.0, total, 1.0)

    def line_of_centres(g_dot_k, restitution):
        """b of g' = g + b k: the component along the line of centres k is reversed.

        b = -(1 + e) g.k, the hard-sphere collision itself (Bird 1994, section 2.2) at e = 1.
        """
        return -(1.0 + restitution) * g_dot_k

    def mirror(x_i_squared, x_j_squared, x_i_dot_x_j):
        """(a, b, s) of h = a x_i - b x_j = u_i - s u_j, u = x/|x|, s = sign(u_i.u_j).

        The line from u_i to u_j or to its mirror image -u_j, whichever is nearer; h = 0 if a
        position has no direction.
        """
        sign = copysign(1.0, x_i_dot_x_j)
        known = where(x_i_squared > 0.0, where(x_j_squared > 0.0, 1.0, 0.0), 0.0)
        a = known / sqrt(where(known > 0.0, x_i_squared, 1.0))
        b = known / sqrt(where(known > 0.0, x_j_squared, 1.0))
        return a, sign * b, sign

    def approach(
        a, b, x_i_squared, x_j_squared, x_i_dot_x_j, v_i_dot_x_i, v_i_dot_x_j, v_j_dot_x_i,
        v_j_dot_x_j,
    ):  # fmt: skip
        """(h^2, v_i.h, v_j.h) of h = a x_i - b x_j from dot products; h^2 loses digits near 0."""
        h_squared = a * a * x_i_squared - 2.0 * a * b * x_i_dot_x_j + b * b * x_j_squared
        return h_squared, a * v_i_dot_x_i - b * v_i_dot_x_j, a * v_j_dot_x_i - b * v_j_dot_x_j

    def mirrored_line_of_centres(h_squared, g_dot_h, restitution, resolution):
        """c of v_i' = v_i + c h, v_j' = v_j - s c h, with g = v_i - s v_j and h of `mirror`.

        c = -(1 + e)/2 g.k/|h|, k = h/|h|, if g.h > 0, else 0: half the impulse of
        `line_of_centres` for each.  Where positions move along -v the pair is then approaching
        on the sphere of directions, and |cos(x_i, x_j)| falls at the rate
        (1 + e)/2 g.k (1 - cos^2)/|h| (1/|x_i| + 1/|x_j|).  None below |h|^2 = `resolution`, where
        rounding alone tells the directions apart.
        """
        resolved = where(h_squared > resolution, where(g_dot_h > 0.0, 1.0, 0.0), 0.0)
        impulse = 0.5 * line_of_centres_of(g_dot_h, restitution)
        return where(resolved > 0.0, impulse / where(resolved > 0.0, h_squared, 1.0), 0.0)

    def cosine_force(x_i_squared, x_j_squared, x_i_dot_x_j):
        """(a, b) of the force a x_i + b x_j on x_i in the potential cos^2(x_i, x_j).

        -2 C (u_j - C u_i)/|x_i|, C = u_i.u_j, u = x/|x|: across x_i, and towards the nearer of
        the two directions across x_j; 0 if a position has no direction.
        """
        known = where(x_i_squared > 0.0, where(x_j_squared > 0.0, 1.0, 0.0), 0.0)
        inverse_i = known / sqrt(where(known > 0.0, x_i_squared, 1.0))
        inverse_j = known / sqrt(where(known > 0.0, x_j_squared, 1.0))
        cosine = x_i_dot_x_j * inverse_i * inverse_j
        turn = 2.0 * cosine * inverse_i
        return turn * cosine * inverse_i, -turn * inverse_j

    def speed(square):
        """|v| from v.v."""
        return sqrt(square)

    def centre_of_mass(v_i, v_j, share_i, share_j):
        """One component of the velocity of the centre of mass; shares are m_i/M, m_j/M."""
        return share_i * v_i + share_j * v_j

    compiled = law if sqrt is math.sqrt else (lambda formula: formula)
    direction_of = compiled(direction)
    line_of_centres_of = compiled(line_of_centres)
    return SimpleNamespace(
        isotropic_cosine=isotropic_cosine,
        soft_sphere_cosine=soft_sphere_cosine,
        isotropic=isotropic,
        deflect=deflect,
        isotropic_row=isotropic_row,
        deflect_row=deflect_row,
        stretch=stretch,
        line_of_centres=line_of_centres,
        mirror=mirror,
        approach=approach,
        mirrored_line_of_centres=mirrored_line_of_centres,
        cosine_force=cosine_force,
        centre_of_mass=centre_of_mass,
        speed=speed,
    )


_laws = laws(math.sqrt, cosine, sine, math.copysign, where, power)
isotropic_cosine = law(_laws.isotropic_cosine)
soft_sphere_cosine = law(_laws.soft_sphere_cosine)
isotropic = law(_laws.isotropic)
deflect = law(_laws.deflect)
isotropic_row = law(_laws.isotropic_row)
deflect_row = law(_laws.deflect_row)
stretch = law(_laws.stretch)
line_of_centres = law(_laws.line_of_centres)
mirror = law(_laws.mirror)
approach = law(_laws.approach)
mirrored_line_of_centres = law(_laws.mirrored_line_of_centres)
cosine_force = law(_laws.cosine_force)
centre_of_mass = law(_laws.centre_of_mass)
speed = law(_laws.speed)
