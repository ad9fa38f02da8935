"""
Commands whose options stand in one table, which their parsing and their help are made of.
"""

from __future__ import annotations

import getopt
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from twisted.copyright import version as twistedVersion
from twisted.python import usage

from nodenet import __version__
from nodenet.service.parsing import text
from nodenet.service.settings import Settings

__all__ = ["Command", "Option", "said"]


@dataclass(frozen=True)
class Option:
    """
    @ivar help: sentences. The default is added to them.
    @ivar value: what the help calls the value; empty: it takes none.
    @ivar parse: makes the value of its text; raises L{Wrong}.
    @ivar sets: the value of an option that takes none.
    @ivar field: of the settings; by default the name in camel case.
    @ivar many: it may be repeated, and the field is a tuple.
    @ivar default: for the help; by default that of the field.
    @ivar goesWith: it is refused without this one, an option or a sub-command.
    @ivar needs: it is refused without these.
    """

    name: str
    help: str
    value: str = ""
    parse: Callable[[str], Any] = text
    sets: bool = True
    field: str = ""
    many: bool = False
    short: str = ""
    default: str = ""
    goesWith: str = ""
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.field or re.sub("-(.)", lambda match: match[1].upper(), self.name)

    def said(self, given: str) -> str:
        """
        @return: the option as it was given, on one line.
        """
        return said(self.name, given) if self.value else f"--{self.name}"


class Command(usage.Options):
    """
    A command with a L{table}.

    @cvar table: title of a group in the help -> its options.
    @cvar made: the settings, of whose fields the help takes the defaults; key: for whom
        these are, if not for all.
    @ivar given: the options that were given, and their texts, in order.
    """

    table: ClassVar[Mapping[str, Sequence[Option]]] = {}
    made: ClassVar[Mapping[str, type[Settings]]] = {}
    longdesc: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        options = [option for group in cls.table.values() for option in group]
        for option in options:
            # What Twisted makes options of, for parsing and for the completion of zsh.
            handler = _handler(option)
            for name in filter(None, (option.name, option.short)):
                setattr(cls, f"opt_{name.replace('-', '_')}", handler)
        repeated = [option.name for option in options if option.many]
        cls.compData = usage.Completions(multiUse=repeated)  # type: ignore[attr-defined]

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[Option, str]] = []

    def opt_version(self) -> NoReturn:
        """
        Show the versions of nodenet and Twisted, and exit.
        """
        print(f"nodenet {__version__}\nTwisted {twistedVersion}")
        sys.exit(0)

    def opt_help(self) -> NoReturn:
        """
        Show this help, and exit.
        """
        print(self)
        sys.exit(0)

    def parseOptions(self, options: Any = None) -> None:
        """
        @raise usage.UsageError: what is wrong, in one line.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as e:
            if isinstance(e.__context__, getopt.GetoptError):
                raise usage.UsageError(self._plain(e.__context__)) from None
            raise

    def parseArgs(self, *args: str) -> None:
        if args:
            raise usage.UsageError(f"{_shown(args[0])}: unexpected argument")

    @classmethod
    def names(cls) -> set[str]:
        """
        @return: of all options.
        """
        return {option.name for group in cls.table.values() for option in group}

    def elsewhere(self, name: str) -> str:
        """
        @return: where an option goes that is none of this command's; empty: it is none.
        """
        return ""

    def _plain(self, error: getopt.GetoptError) -> str:
        """
        @return: what is wrong with the options, without getopt's words.
        """
        dashes = "--" if f"--{error.opt}" in error.msg else "-"
        option = dashes + _shown(error.opt)
        if dashes == "-":
            known = [f"-{short}:" for short in self.shortOpt if short == error.opt]
        else:
            known = [f"--{name}" for name in self.longOpt if name.startswith(error.opt)]
            known = [each for each in known if each.rstrip("=") == option] or known
        if not known:
            return f"{option}: {self.elsewhere(error.opt) or 'unknown option'}"
        if len(known) > 1:
            names = sorted(each.rstrip("=") for each in known)
            return f"{option}: may be {' or '.join(names)}"
        return f"{option}: {'needs a value' if known[0][-1] in '=:' else 'takes no value'}"

    def getUsage(self, width: int | None = None) -> str:
        """
        @return: the help, without its first line.
        """
        if width is None:
            columns = os.environ.get("COLUMNS", "")
            width = max(int(columns), 40) if re.fullmatch("[0-9]{1,5}", columns) else 80
        groups = {
            title: [(_label(option), self._help(option)) for option in options]
            for title, options in self.table.items()
        }
        groups["Help"] = [
            (f"--{name}", " ".join(str(self.docs[name]).split()))
            for name in ("help", "version")
        ]
        commands = getattr(self, "subCommands", ())
        if commands:
            groups["Sub-commands"] = [(name, about) for name, _, _, about in commands]
        parts = [textwrap.fill(self.longdesc, width)]
        column = max(len(label) for rows in groups.values() for label, _ in rows) + 4
        column = min(column, width // 2)
        for title, rows in groups.items():
            parts.append("\n".join([f"{title}:", *_columns(rows, column, width)]))
        return "\n" + "\n\n".join(parts) + "\n"

    def _help(self, option: Option) -> str:
        default = option.default or self._default(option)
        return f"{option.help} Default: {default}." if default else option.help

    def _default(self, option: Option) -> str:
        found: dict[str, str] = {}
        for whose, settings in self.made.items():
            value = getattr(settings, option.key, None)
            if isinstance(value, (int, float, str)) and not isinstance(value, bool):
                found.setdefault(str(value), whose)
        return "; ".join(f"{whose} {value}".strip() for value, whose in found.items())


def _handler(option: Option) -> Callable[..., None]:
    def flag(self: Command) -> None:
        self.given.append((option, ""))

    def value(self: Command, text: str) -> None:
        self.given.append((option, text))

    handler = value if option.value else flag
    handler.__doc__ = option.help
    return handler


def said(name: str, given: str) -> str:
    """
    @return: an option with its value, on one line.
    """
    return f"--{name} {_shown(given)}"


def _shown(given: str) -> str:
    return given if given and given.isprintable() else repr(given)


def _label(option: Option) -> str:
    short = f"-{option.short}, " if option.short else ""
    return f"{short}--{option.name} {option.value}".rstrip()


def _columns(rows: Iterable[tuple[str, str]], column: int, width: int) -> list[str]:
    lines = []
    for label, about in rows:
        label = f"  {label}"
        if len(label) + 2 > column:
            lines.append(label)
            label = ""
        for line in textwrap.wrap(about, width - column, break_on_hyphens=False):
            lines.append(label.ljust(column) + line)
            label = ""
    return lines
