"""How a quantity grows with another: a power of it, or a straight line."""

import collections

import numpy as np


class Power(collections.namedtuple("Power", ["factor", "exponent", "least", "most"])):
    """y = factor * x ** exponent; `least` and `most`: the exponents between two neighbours."""

    __slots__ = ()

    def at(self, x):
        return self.factor * x**self.exponent


class Line(collections.namedtuple("Line", ["start", "slope"])):
    """y = start + slope * x"""

    __slots__ = ()

    def at(self, x):
        return self.start + self.slope * x


def power(xs, ys):
    """Fits a power by least squares on the logarithms.

    What goes as a power has the same exponent between all neighbours. A range from 0 to 1 tells of
    a constant part that becomes small beside a proportional one.

    Args:
        xs, ys: positive numbers, two at least; the xs ascend.
    """
    xs, ys = np.log(xs), np.log(ys)
    exponent, start = np.polyfit(xs, ys, 1)
    between = np.diff(ys) / np.diff(xs)
    return Power(*map(float, (np.exp(start), exponent, between.min(), between.max())))


def line(xs, ys):
    """Fits a straight line by least squares to two points or more."""
    slope, start = np.polyfit(xs, ys, 1)
    return Line(float(start), float(slope))
