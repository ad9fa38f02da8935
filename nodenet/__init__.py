"""
Node's early C{net} module on Twisted.

C{from nodenet import net} is Node v0.3.3's C{require('net')}; likewise C{events},
C{stream}, C{timers} and C{constants}.
"""

__version__ = "0.1.0"
