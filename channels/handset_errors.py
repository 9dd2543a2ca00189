"""Error codes that mobile networks give (3GPP TS 29.002, MAP), as several SMS providers pass them on.

https://www.infobip.com/docs/developer-resources/api-fundamentals/error-code-reference
"""

from collections.abc import Mapping

from channels.refusals import Problem

UNREACHABLE = Problem("The customer's phone is switched off, full, or has no signal; try again later.", True)
WRONG_NUMBER = Problem("This number can't receive texts: it is not in use, or its network refuses them.")
NETWORK = Problem("The mobile network had trouble, so that the message was not delivered; it may be sent again.", True)

HANDSET_ERRORS: Mapping[Problem, tuple[int, ...]] = {
    WRONG_NUMBER: (1, 5, 9, 11, 12, 13, 21, 257, 258),
    UNREACHABLE: (2, 6, 7, 8, 27, 31, 33, 256),
    NETWORK: (32, 34, 35, 36, 260),
}
