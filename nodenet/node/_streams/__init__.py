"""
The parts of L{nodenet.node.stream}, cut as Node 20 cuts them.
"""
