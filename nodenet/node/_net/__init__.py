"""
Node 20's rules for sockets and servers.
"""
