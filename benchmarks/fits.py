"""Fits a power or a straight line to measured points."""

import collections

import numpy as np


class Power(collections.namedtuple("Power", ["factor", "exponent", "least", "most"])):
    """y = factor * x ** exponent. `least` and `most` bound the exponents between neighbours."""

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

    An exact power has the same exponent between all neighbours. If the exponents rise from 0 to 1,
    there is a constant part, which becomes small beside a proportional part.

    Args:
        xs, ys: positive numbers, at least two; the xs ascend.
    """
    xs, ys = np.log(xs), np.log(ys)
    exponent, start = np.polyfit(xs, ys, 1)
    between = np.diff(ys) / np.diff(xs)
    return Power(*map(float, (np.exp(start), exponent, between.min(), between.max())))


def line(xs, ys):
    """Fits a straight line by least squares to two points or more."""
    slope, start = np.polyfit(xs, ys, 1)
    return Line(float(start), float(slope))
