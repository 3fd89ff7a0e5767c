"""How light a colour is, and how far two are from each other."""


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it, 0 to 1."""
    parts = [int(colour.lstrip("#")[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def lightness(colour):
    """The CIE's L*, 0 to 100: equal steps look equal."""
    shade = luminance(colour)
    return 116 * shade ** (1 / 3) - 16 if shade > 216 / 24389 else shade * 24389 / 27


def contrast(one, other):
    """WCAG 2.2's ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
