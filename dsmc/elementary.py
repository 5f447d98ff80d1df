"""Elementary functions as arithmetic alone, which a compiler can do for eight numbers at once.

A library has to be called, number by number. Sine and cosine are right to their last digit, a power
or an exponential to its last but one where it is neither huge nor tiny, as the error of a product
in its exponent is multiplied by the logarithm of the result.

2^x and log2(x) come from the exponent of the binary number and a polynomial of the rest, sine and
cosine from those of the angle to the nearest axis, with the polynomials of fdlibm (Sun, 1993):

    J.-M. Muller, Elementary Functions: Algorithms and Implementation, 3rd ed., Birkhaeuser 2016,
    chapters 3 and 11.
"""

import math

import numpy as np

from dsmc import elementary_single as single
from dsmc.compiled import law, law_with

_MANTISSA = 52  # bits
_ROOT_OF_HALF = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
_WHOLE = 1.5 * 2.0**52  # added to a small number: its last bits are the nearest whole number
_LEAST = -1000.0  # 2^x is told no smaller
_LOG2_E = 1.0 / math.log(2.0)
_HALF_PI = 1.5707963267341256  # pi/2, 33 bits of it
_HALF_PI_REST = 6.077100506506192e-11  # and the others


@law
def where(condition, yes, no):
    """`yes` where the condition holds, else `no`: a choice that tensors have, too."""
    return yes if condition else no


@law_with(single=single.log_2)
def log_2(x):
    """log2(x) of a positive number: e + (2/ln 2) artanh s, s = (m - 1)/(m + 1).

    x = m 2^e with m between sqrt(1/2) and sqrt(2); interpolated in s^2 at Chebyshev's points.
    """
    bits = np.float64(x).view(np.int64)
    exponent = (bits - _ROOT_OF_HALF) >> _MANTISSA
    m = np.int64(bits - (exponent << _MANTISSA)).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    t = s * s
    high = 0.32061638813224547 + t * (0.2614442493522915 + t * 0.2429160853987535)
    series = 0.9617966939243345 + t * (0.5770780172463286 + t * (0.4121984020482752 + t * high))
    return exponent + s * (2.885390081777927 + t * series)


@law_with(single=single.exp_2)
def exp_2(x):
    """2^x of x up to 1000; of x below -1000, 2^-1000 (single: of x below -126, 2^-126).

    x = k + r with a whole number k and |r| <= 1/2; interpolated in r at Chebyshev's points.
    """
    x = max(x, _LEAST)
    shifted = x + _WHOLE
    r = x - (shifted - _WHOLE)
    high = 1.0178057087733941e-07 + r * (7.074194297288521e-09 + r * 4.4558179083360645e-10)
    high = 1.5252733841556773e-05 + r * (1.3215432535912375e-06 + r * high)
    high = 0.001333355814640647 + r * (0.00015403530463724353 + r * high)
    series = 0.055504108664821625 + r * (0.009618129107587256 + r * high)
    series = 0.6931471805599453 + r * (0.24022650695910158 + r * series)
    series = 1.0 + r * series
    exponent = np.float64(shifted).view(np.int64) << _MANTISSA
    return np.int64(np.float64(series).view(np.int64) + exponent).view(np.float64)


@law
def power(base, exponent):
    """base^exponent of base >= 0 and an exponent from 0 to 1, as small as `exp_2` tells it.

    NaN if base is not finite.
    """
    return exp_2(exponent * log_2(base)) + 0.0 * base


@law_with(single=single.exponential)
def exponential(x):
    """e^x of x <= 0, in double precision; never smaller than 2^-1000; NaN if x is not finite."""
    return exp_2(x * _LOG2_E) + 0.0 * x


@law_with(single=single.axis_and_rest)
def _axis_and_rest(x):
    """The number of the nearest axis, and the angle from there: x = q pi/2 + r, |r| <= pi/4."""
    shifted = x * (2.0 / math.pi) + _WHOLE
    q = shifted - _WHOLE
    return np.float64(shifted).view(np.int64), (x - q * _HALF_PI) - q * _HALF_PI_REST


@law_with(single=single.near_sine)
def _near_sine(r):
    """sin(r) of |r| <= pi/4."""
    z = r * r
    high = 2.75573137070700676789e-06 + z * (
        -2.50507602534068634195e-08 + z * 1.58969099521155010221e-10
    )
    series = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * high)
    return r + z * r * (-1.66666666666666324348e-01 + z * series)


@law_with(single=single.near_cosine)
def _near_cosine(r):
    """cos(r) of |r| <= pi/4."""
    z = r * r
    high = -2.75573143513906633035e-07 + z * (
        2.08757232129817482790e-09 + z * -1.13596475577881948265e-11
    )
    series = -1.38888888888741095749e-03 + z * (2.48015872894767294178e-05 + z * high)
    half = 0.5 * z
    near = 1.0 - half
    return near + (((1.0 - near) - half) + z * z * (4.16666666666666019037e-02 + z * series))


@law
def sine(x):
    """sin(x), |x| at most some turns."""
    axis, r = _axis_and_rest(x)
    size = _near_cosine(r) if axis & 1 else _near_sine(r)
    return -size if axis & 2 else size


@law
def cosine(x):
    """cos(x), |x| at most some turns."""
    axis, r = _axis_and_rest(x)
    size = _near_sine(r) if axis & 1 else _near_cosine(r)
    return -size if (axis + 1) & 2 else size
