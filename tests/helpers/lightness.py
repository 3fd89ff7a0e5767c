"""How light a colour is, and how far two are from each other."""

import numpy as np

SEEN_BY = {
    "protanope": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                  (-0.003882, -0.048116, 1.051998)),
    "deuteranope": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                    (-0.011820, 0.042940, 0.968881)),
    "tritanope": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                  (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
"""How who lacks one kind of cones sees linear RGB: Machado, Oliveira and Fernandes (2009)."""
TO_XYZ = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
"""From linear sRGB, IEC 61966-2-1."""


def linear(colour):
    """Linear RGB, each 0 to 1."""
    parts = np.array([int(colour.lstrip("#")[k : k + 2], 16) / 255 for k in (0, 2, 4)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it, 0 to 1."""
    return float(TO_XYZ[1] @ linear(colour))


def distance(one, other, seen_by):
    """How far apart two colours look to who lacks a kind of cones: in the CIE's L*a*b*."""
    labs = [lab(np.clip(np.array(SEEN_BY[seen_by]) @ linear(each), 0, 1)) for each in (one, other)]
    return float(np.linalg.norm(labs[0] - labs[1]))


def lab(rgb):
    """The CIE's L*, a* and b* of linear RGB."""
    share = TO_XYZ @ rgb / TO_XYZ.sum(axis=1)
    x, y, z = np.where(share > 216 / 24389, np.cbrt(share), (share * 24389 / 27 + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def lightness(colour):
    """The CIE's L*, 0 to 100: equal steps look equal."""
    shade = luminance(colour)
    return 116 * shade ** (1 / 3) - 16 if shade > 216 / 24389 else shade * 24389 / 27


def contrast(one, other):
    """WCAG 2.2's ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
