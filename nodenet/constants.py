"""
Every errno name of the platform as a number: C{constants.EADDRINUSE}.

Source: Node v0.3.3, C{require('constants')}.
"""

from errno import *  # noqa: F403 (all but errorcode are errno names)
