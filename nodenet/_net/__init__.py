"""
Node's rules for servers and streams, and no sockets.
"""
