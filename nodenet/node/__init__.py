"""
Node of today: C{from nodenet.node import net, stream, events} is as Node 20 is.

L{nodenet.net} is Node v0.3.3's, and knows nothing of this one.

Importing this imports no reactor.
"""
