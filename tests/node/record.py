"""
Record what Node 20 does: C{python -m tests.node.record [area[/name] ...]}.
"""

from __future__ import annotations

import sys

from tests.node.harness import NODE, names, node, recorded


def main(wanted: list[str]) -> None:
    """
    @param wanted: scenarios, or areas of them; all if there is none.
    """
    if NODE is None:
        raise SystemExit("no node of version 20 on the path")
    for name in names():
        if not wanted or name in wanted or name.partition("/")[0] in wanted:
            recorded(name).write_text(node(name), encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
