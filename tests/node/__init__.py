"""
nodenet.node against Node 20: scenarios that both run, see L{tests.node.harness}.
"""
