"""
The code that the pages of the docs show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

__all__ = ["Block", "blocks", "groups"]


@dataclass(frozen=True)
class Block:
    """
    A piece of code.

    @ivar line: of the page, that it begins after.
    @ivar title: of what it stands under: a heading, or bold words in a cell.
    """

    line: int
    language: str
    title: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """
    @return: the blocks of code of a page in reStructuredText or Markdown.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    title = ""
    for number, line in enumerate(lines, 1):
        below = lines[number] if number < len(lines) else ""
        if re.fullmatch(r"([=~-])\1{2,}", below) and line and len(below) >= len(line):
            title = line.replace("``", "")
        bold = re.match(r" *\* - \*\*(.+?)\*\*", line)
        if bold:
            title = bold[1]
        rst = re.match(r"( *(?:[*-] )*)\.\. code-block:: (\w+)$", line)
        if rst:
            column = len(rst[1])
            end = number
            while end < len(lines) and (
                not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > column
            ):
                end += 1
            text = dedent("\n".join(lines[number:end])).strip("\n") + "\n"
            yield Block(number, rst[2], title, text)
        fence = re.match(r"```(\w+)$", line)
        if fence and page.suffix == ".md":
            end = lines.index("```", number)
            yield Block(number, fence[1], title, "\n".join(lines[number:end]) + "\n")


def groups(page: Path) -> Iterator[list[Block]]:
    """
    @return: each block of JavaScript with the two that follow it.
    """
    every = list(blocks(page))
    for index, block in enumerate(every):
        if block.language == "javascript":
            yield every[index : index + 3]
