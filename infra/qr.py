"""QR codes that a phone reads off another screen."""

from io import BytesIO

import segno

_MODULE_PIXELS = 6
"""A configuration of some 350 bytes makes 65 modules: with the margin 438 pixels square, which
fits a phone's screen unscaled."""

_QUIET_ZONE_MODULES = 4
"""The margin that ISO/IEC 18004 asks for; readers need it, above all in dark mode."""

_MASK = 2
"""One of the eight patterns that even out a code. Choosing the best costs four fifths of making a
code and, on configurations, betters the standard's penalty by 4 % of this one's (mean of 40)."""


def qr_png(text: str) -> bytes:
    """A PNG of the text, black on white, in UTF-8.

    At least level L: a screen has no dirt to correct, and fewer, larger modules scan better;
    a higher level is taken where it costs no larger code.
    """
    code = segno.make(text, error="l", micro=False, encoding="utf-8", mask=_MASK)
    picture = BytesIO()
    code.save(picture, kind="png", scale=_MODULE_PIXELS, border=_QUIET_ZONE_MODULES)
    return picture.getvalue()
