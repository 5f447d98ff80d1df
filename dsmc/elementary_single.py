"""Elementary functions in single precision, which a compiler can do for sixteen numbers at once.

What `dsmc.elementary` has in double: the same methods with shorter polynomials. A function is right
to its last digit but one, a power or an exponential where the logarithm of the result is of the
order of one.

Logarithm and power of two are interpolated at Chebyshev's points; sine and cosine have coefficients
of least squares, found one by one as each is rounded, so that sin^2 + cos^2 is 1 on average, and
the parts of pi/2 of Cephes (Moshier, 1989).
"""

import math

import numpy as np

from dsmc.compiled import law

_MANTISSA = np.int32(23)  # bits
_MANTISSA_IN_DOUBLE = np.int64(52)
_ROOT_OF_HALF = np.int32(0x3F3504F3)  # the bits of sqrt(1/2)
_WHOLE = 1.5 * 2.0**23  # added to a small number: its last bits are the nearest whole number
_BITS_OF_WHOLE = np.int32(0x4B400000)  # of that number
_LEAST, _LEAST_IN_DOUBLE = -126.0, -1000.0  # 2^x is told no smaller
_LOG2_E = 1.0 / math.log(2.0)
_OF_ZERO = -1e5  # in place of a logarithm
_TWO_OVER_PI = 2.0 / math.pi
_HALF_PI = 1.5703125  # pi/2, 8 bits of it
_HALF_PI_MIDDLE = 4.837512969970703125e-4  # 11 more
_HALF_PI_REST = 7.549789948768648e-08  # and the others


def log_2(x):
    """log2(x) of a positive number, as `elementary.log_2`; of 0, so little that powers vanish."""
    bits = np.float32(x).view(np.int32)
    exponent = np.int32(np.int32(bits - _ROOT_OF_HALF) >> _MANTISSA)
    m = np.int32(bits - np.int32(exponent << _MANTISSA)).view(np.float32)
    s = (m - 1.0) / (m + 1.0)
    t = s * s
    series = 0.9617969393730164 + t * (0.5769161581993103 + t * 0.42674896121025085)
    found = np.float32(exponent) + s * (2.885390081777927 + t * series)
    return found if x > 0.0 else _OF_ZERO


@law
def whole_and_power(x):
    """k and 2^r of x = k + r with a whole number k and |r| <= 1/2."""
    shifted = x + _WHOLE
    r = x - (shifted - _WHOLE)
    high = 0.009618083015084267 + r * (0.0013390863314270973 + r * 0.00015453163359779865)
    high = 0.24022650718688965 + r * (0.055503569543361664 + r * high)
    k = np.int32(np.float32(shifted).view(np.int32) - _BITS_OF_WHOLE)
    return k, np.float32(1.0 + r * (0.6931471824645996 + r * high))


def exp_2(x):
    """2^x, x up to 127; of x below -126, 2^-126."""
    k, power = whole_and_power(max(x, _LEAST))
    return np.int32(np.float32(power).view(np.int32) + np.int32(k << _MANTISSA)).view(np.float32)


def exponential(x):
    """e^x of x <= 0, with the digits of single precision, but in double: as small as 2^-1000.

    Of an x that rounding has made positive, no less than 1.
    """
    k, power = whole_and_power(max(x * _LOG2_E, _LEAST_IN_DOUBLE))
    bits = np.float64(power).view(np.int64)
    return np.int64(bits + (np.int64(k) << _MANTISSA_IN_DOUBLE)).view(np.float64) + 0.0 * x


def axis_and_rest(x):
    """The number of the nearest axis, and the angle from there: x = q pi/2 + r, |r| <= pi/4."""
    shifted = x * _TWO_OVER_PI + _WHOLE
    q = shifted - _WHOLE
    r = ((x - q * _HALF_PI) - q * _HALF_PI_MIDDLE) - q * _HALF_PI_REST
    return np.float32(shifted).view(np.int32), r


def near_sine(r):
    """sin(r) of |r| <= pi/4."""
    z = r * r
    series = -0.16666653752326965 + z * (0.008332145400345325 + z * -0.00019516100292094052)
    return r + z * r * series


def near_cosine(r):
    """cos(r) of |r| <= pi/4."""
    z = r * r
    series = 0.04166664928197861 + z * (-0.0013887492241337895 + z * 2.4453272999380715e-05)
    return (1.0 - 0.5 * z) + z * z * series
