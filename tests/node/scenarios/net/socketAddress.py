from nodenet.node import net
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def made(args):
        a = net.SocketAddress(*args)
        return [a.address, a.family, a.port, a.flowlabel]

    for args in (
        [],
        [{}],
        [{"family": "ipv6"}],
        [{"family": "IPv6", "flowlabel": 5, "port": 80, "address": "0:0::1"}],
        [1],
        [None],
        [[]],
        [{"family": "x"}],
        [{"address": 1}],
        [{"address": "x"}],
        [{"port": -1}],
        [{"port": "x"}],
        [{"flowlabel": -1}],
        [{"flowlabel": 1.5}],
        [{"flowlabel": "a"}],
        [{"family": 5}],
        [{"address": "::1"}],
        [{"flowlabel": 2**32}],
        [{"flowlabel": 5}],
        [{"family": "IPv4"}],
        [{"family": "ipv6", "address": "fe80::1%lo"}],
    ):
        attempt(log, "new", lambda args=args: made(args))
    its = net.SocketAddress.isSocketAddress
    log(its({}), its(net.SocketAddress()))
    log(net.SocketAddress().toJSON())
