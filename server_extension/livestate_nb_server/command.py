"""The command line: ``jupyter livestate gen | types | list | token | serve``.

It must not know what is generated or written, nor how a server runs.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, Final

from livestate_nb.transports.uplink_wire import ALL
from livestate_nb_server.declarations import check, declarations, save
from livestate_nb_server.errors import CommandError
from livestate_nb_server.gen import channel_cell, gen_channel, gen_element
from livestate_nb_server.grant import grant, listed, revoke, rotate
from livestate_nb_server.listing import listing
from livestate_nb_server.serve import serve
from livestate_nb_server.shares import Wish

_PROGRAM: Final = "jupyter livestate"
_DESCRIPTION: Final = "LiveState for Jupyter: generate channels and elements, host them."
_SERVE: Final = "serve"


def main(argv: list[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: its words, without the program's name; those of this process by default.

    Returns:
        the exit status: 0, 1 where something could not be done, 2 where it was not understood.
    """
    words = sys.argv[1:] if argv is None else argv
    try:
        if words[:1] == [_SERVE]:  # what follows is for Jupyter's own parser
            return serve(words[1:])
        asked = _parser().parse_args(words)
        return int(asked.run(asked))
    except CommandError as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser(_PROGRAM, description=_DESCRIPTION)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    kinds = commands.add_parser(
        "gen", help="generate a channel or an element", description="Generate code to start from."
    ).add_subparsers(title="what to generate", metavar="KIND", required=True)
    _add_channel(kinds)
    _add_element(kinds)
    _add_types(commands)
    listing = commands.add_parser(
        "list",
        help="list the channels that a Jupyter server here hosts",
        description="List what config and entry points host, and what cannot be loaded. "
        "The exit status is 1 where there is any of that.",
    )
    listing.set_defaults(run=_list)
    _add_token(commands)
    commands.add_parser(_SERVE, help="run a server with only LiveState", add_help=False)
    return parser


def _add_channel(kinds: Any) -> None:
    parser = kinds.add_parser(
        "channel",
        help="a channel and its test",
        description="Generate a channel's module and its test.",
        epilog="jupyter livestate gen channel Todo\n"
        "    writes todo_channel.py and test_todo_channel.py",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help="the class's name, such as Todo or ContactForm")
    _add_place(parser)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="register the channel in this jupyter_server_config.py",
    )
    parser.add_argument(
        "--notebook",
        action="store_true",
        help="print a notebook cell with the channel instead, and write nothing",
    )
    parser.set_defaults(run=_gen_channel)


def _add_element(kinds: Any) -> None:
    parser = kinds.add_parser(
        "element",
        help="a Lit element for a channel",
        description="Generate a Lit element in an ES module, plain JavaScript for `show`, or "
        "TypeScript with the decorators of phx-live-state for web pages.",
        epilog="jupyter livestate gen element Todo todo-list\n    writes todo-list.js",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("channel", help="the channel's class, such as Todo or ContactForm")
    parser.add_argument("tag", help="the element's tag, with a hyphen, such as todo-list")
    _add_place(parser)
    parser.add_argument(
        "--typescript", action="store_true", help="write TypeScript with decorators"
    )
    parser.set_defaults(run=_gen_element)


def _add_types(commands: Any) -> None:
    parser = commands.add_parser(
        "types",
        help="write TypeScript types of channels",
        description="Write TypeScript declarations of the state, the events and the replies of "
        "channels, from their annotations.",
        epilog="jupyter livestate types my_package.channels:Todos --output todos.types.ts\n"
        "    writes TodosState, TodosEvents and TodosReplies",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "channels", nargs="+", metavar="MODULE:CLASS", help="such as my_package.channels:Todos"
    )
    parser.add_argument("--schema", action="store_true", help="write JSON Schema instead")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write (default: standard output)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; the exit status is 1 where the output file is not up to date",
    )
    parser.set_defaults(run=_types)


def _add_token(commands: Any) -> None:
    parser = commands.add_parser(
        "token",
        help="share topics with pages of other origins",
        description="Print a token that opens topics, and nothing else of a server, to pages of "
        "the named origins. Servers of the same user follow within seconds.",
        epilog="jupyter livestate token 'todos:*' --events add --origin https://example.org\n"
        "jupyter livestate token --list\n"
        "jupyter livestate token --revoke all",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="such as todos:me or todos:*")
    rights = parser.add_mutually_exclusive_group()
    rights.add_argument(
        "--events",
        metavar="NAMES",
        help="which events it may dispatch, such as add,done (default: none, read only)",
    )
    rights.add_argument("--all-events", action="store_true", help="it may dispatch all events")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="whose pages it is for, such as https://example.org; may be repeated; * for all but "
        "null, the origin of files and sandboxed frames",
    )
    parser.add_argument(
        "--expires", metavar="TIME", help="for how long, such as 12h; 366d at most (default: 7d)"
    )
    parser.add_argument("--tag", help="the element that the pages get, such as todo-list")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="list the shares that hold instead")
    instead.add_argument("--revoke", metavar="ID", help="end a share instead, or all of them")
    instead.add_argument("--rotate", action="store_true", help="make a new key instead")
    parser.set_defaults(run=_token)


def _add_place(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--directory", type=Path, metavar="DIR", help="where to write (default: here)"
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def _gen_channel(asked: Namespace) -> int:
    directory = asked.directory or Path()
    if not asked.notebook:
        print(gen_channel(asked.name, directory, config=asked.config, force=asked.force))
    elif asked.directory or asked.config or asked.force:
        raise CommandError(
            "--notebook writes nothing: expected no --directory, --config or --force with it"
        )
    else:
        print(channel_cell(asked.name), end="")
    return 0


def _gen_element(asked: Namespace) -> int:
    told = gen_element(
        asked.channel,
        asked.tag,
        asked.directory or Path(),
        is_typescript=asked.typescript,
        force=asked.force,
    )
    print(told)
    return 0


def _types(asked: Namespace) -> int:
    if asked.check and asked.output is None:
        raise CommandError("--check needs --output FILE: the file to check")
    text = declarations(asked.channels, is_schema=asked.schema)
    if asked.output is None:
        print(text, end="")
    else:
        print(check(text, asked.output) if asked.check else save(text, asked.output))
    return 0


def _list(_asked: Namespace) -> int:
    text, is_sound = listing()
    print(text)
    return 0 if is_sound else 1


def _token(asked: Namespace) -> int:
    wished = [asked.events, asked.expires, asked.tag]
    is_wish = bool(asked.topics or asked.origin or asked.all_events)
    is_wish = is_wish or any(one is not None for one in wished)
    if asked.list or asked.rotate or asked.revoke is not None:
        if is_wish:
            raise CommandError("--list, --revoke and --rotate make no token: expected one alone")
        print(listed() if asked.list else rotate() if asked.rotate else revoke(asked.revoke))
        return 0
    if not (asked.topics and asked.origin):
        raise CommandError("expected a topic and --origin: a token names what it opens, and where")
    named = [] if asked.events is None else [name.strip() for name in asked.events.split(",")]
    wish = Wish(
        asked.topics,
        ALL if asked.all_events else named,
        asked.origin,
        "7d" if asked.expires is None else asked.expires,
        asked.tag,
    )
    token, told = grant(wish)
    print(told, file=sys.stderr)
    print(token)
    return 0
