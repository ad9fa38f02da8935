from nodenet.node import net


def scenario(h):
    log = h.actor("main")

    class Text:
        def __str__(self):
            return "1.1.1.1"

    for value in (
        "1.1.1.1",
        "01.1.1.1",
        "1.1.1",
        "256.1.1.1",
        "::",
        "::1",
        "fe80::1%lo",
        "::%",
        "::1.2.3.4",
        "1::2::3",
        ":::1",
        "fe80::1%a.b-c:d",
        "1.1.1.1%lo",
        "",
        "x",
        "1.1.1.1\n",
        " ::1",
        None,
        None,
        5,
        True,
        {},
        ["1.1.1.1"],
        Text(),
    ):
        shown = "Text" if isinstance(value, Text) else value
        log(shown, net.isIP(value), net.isIPv4(value), net.isIPv6(value))
