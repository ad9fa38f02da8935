"""
Sockets without rules: what carries the bytes of a stream.
"""
