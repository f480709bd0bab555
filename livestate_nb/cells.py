"""The magics that show: %%live_element and %%live_template, whose cell is an element, and %live.

It must not know sessions, nor how an element comes to be on a page.
"""

import argparse
import json
import shlex
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, TypeVar

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from livestate_nb.channel import Channel
from livestate_nb.codec import Json
from livestate_nb.errors import LiveStateError
from livestate_nb.notebook import Notebook
from livestate_nb.roles import Handle

Magic = TypeVar("Magic", bound=Callable[..., object])

_TEMPLATE: Final = """\
import {{ templateElement }} from "livestate-nb/template";
export default templateElement({});
"""
_UNNAMED: Final = "template-cell"
"""The tag of templates that have no name."""


def _verbatim(magic: Magic) -> Magic:
    """Let a magic have its line as it is written: to IPython the braces of JSON are code."""
    no_var_expand(magic)
    return magic


def _object(text: str) -> dict[str, Json]:
    """Return the JSON object that an option gives."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(
            f"""expected a JSON object in single quotes, such as '{{"n": 1}}', got {text!r}"""
        )
    return value


class _Parser(argparse.ArgumentParser):
    """Parse the line of a magic, split as a shell does.

    Args:
        magic: its name with the percent signs.
        options: what it takes beside --name and --params.
        words: the names of what stands first; those with a ? may be left out.
    """

    def __init__(self, magic: str, options: Iterable[str], *words: str) -> None:
        super().__init__(magic, add_help=False, allow_abbrev=False)
        self.options = [*options, "--name", "--params"]
        for word in words:
            self.add_argument(word.rstrip("?"), nargs="?" if word.endswith("?") else None)
        for option in self.options:
            self.add_argument(option, type=_object if option == "--params" else str)

    def parse(self, line: str) -> argparse.Namespace:
        """Return what a line gives.

        Raises:
            UsageError: it does not fit.
        """
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.error(f"{error} in {line!r}")
        return self.parse_args(words)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        raise UsageError(f"{message}: see {self.prog}?")


_ELEMENT: Final = _Parser("%%live_element", ["--topic"], "element")
_TEMPLATES: Final = _Parser("%%live_template", ["--topic"], "element?")
_LIVE: Final = _Parser("%live", ["--element"], "channel", "topic?")
_PARSERS: Final = {parser.prog: parser for parser in (_ELEMENT, _TEMPLATES, _LIVE)}


class Cells:
    """Give a shell the magics that show elements, with their help and their completion.

    Args:
        shell: IPython's InteractiveShell, run by a kernel.
        notebook: shows.
    """

    def __init__(self, shell: Any, notebook: Notebook) -> None:
        self._shell = shell
        self._notebook = notebook
        self._magics: list[tuple[str, Callable[..., Handle | None]]] = [
            ("cell", self.live_element),
            ("cell", self.live_template),
            ("line", self.live),
        ]
        for kind, magic in self._magics:
            shell.register_magic_function(magic, kind, magic.__name__)
        shell.Completer.custom_matchers.append(self._complete)

    def close(self) -> None:
        """Take the magics away."""
        for kind, magic in self._magics:
            del self._shell.magics_manager.magics[kind][magic.__name__]
        self._shell.Completer.custom_matchers.remove(self._complete)

    @_verbatim
    def live_element(self, line: str, cell: str) -> Handle | None:
        """Declare an element: the cell is its ES module, in plain JavaScript.

        ::

            %%live_element contact-form --topic contact_form:all
            import { html } from "lit";
            import { LiveElement } from "livestate-nb";

            export default class ContactForm extends LiveElement {
              render(state) {
                return html`<form @submit=${this.live.submit("send")}>
                  <input name="email"> <button>Send</button> ${state.message}
                </form>`;
              }
            }

        Run again, it takes the element's place wherever that is shown; the states stay.

        The line has the element's tag, and:
          --topic TOPIC   shows it under the cell, by the channel that is declared for the topic;
                          the cell's result, _, is the handle
          --name NAME     names the session; the cell by default
          --params JSON   the join params that init gets, in single quotes: '{"n": 1}'

        Other cells show it by its tag: Contacts.show(topic, element="contact-form").
        """
        given = _ELEMENT.parse(line)
        return self._declare(given, given.element, self._below_the_magic(cell))

    @_verbatim
    def live_template(self, line: str, cell: str) -> Handle | None:
        """Show a topic by a template: the cell is HTML in the syntax of live-templates.

        ::

            %%live_template --topic todos:me
            <ul>
              <li :each="item in items" :text="item"></li>
            </ul>
            <form :sendsubmit="add_todo"><input name="title"> <button>Add</button></form>

        Run again, it takes the template's place wherever that is shown; the states stay.

        The line may have a tag, by which other cells can show the template, and:
          --topic TOPIC   shows it under the cell, by the channel that is declared for the topic;
                          the cell's result, _, is the handle
          --name NAME     names the session; the cell by default
          --params JSON   the join params that init gets, in single quotes: '{"n": 1}'
        """
        given = _TEMPLATES.parse(line)
        if given.element is None and given.topic is None:
            _TEMPLATES.error("expected --topic TOPIC, or a tag for other cells to show it by")
        source = _TEMPLATE.format(json.dumps(self._below_the_magic(cell)))
        if given.element is None:  # nobody else can show it, and no other such cell replaces it
            return self._show(None, given.topic, given, _UNNAMED, source)
        return self._declare(given, given.element, source)

    @_verbatim
    def live(self, line: str) -> Handle:
        """Show a topic's state, and return its handle.

        ::

            %live Todos todos:me
            %live todos:me --element todo-list
            todos = %live Todos todos:me --params '{"items": ["milk"]}'

        The line has the name of a channel class and one of its topics (one of them is enough: the
        topic where a channel is declared for it, the class where it serves just one), and:
          --element TAG   an element that a cell declares; by default the state is shown as a
                          tree, with the events that the channel accepts
          --name NAME     names the session; the cell by default
          --params JSON   the join params that init gets, in single quotes: '{"n": 1}'
        """
        given = _LIVE.parse(line)
        channel, topic = self._channel(given.channel), given.topic
        if channel is None and topic is None:
            topic = given.channel
        elif channel is None:
            _LIVE.error(f"expected the name of a channel class, got {given.channel!r}")
        return self._show(channel, topic, given, given.element or "")

    def _declare(self, given: argparse.Namespace, element: str, source: str) -> Handle | None:
        """Declare an element, and show it where a topic is given."""
        try:
            self._notebook.declare_element(element, source)
        except LiveStateError as error:
            raise UsageError(str(error)) from error
        if given.topic is not None:
            return self._show(None, given.topic, given, element)
        count = self._notebook.elements[element]
        shown = f"; outputs that show it: {count}" if count else ""
        print(f"{element} is declared{shown}")  # noqa: T201 - what the cell shows
        return None

    def _show(
        self,
        channel: type[Channel] | None,
        topic: str | None,
        given: argparse.Namespace,
        element: str,
        source: str = "",
    ) -> Handle:
        """Show a topic of a channel; without one, of the channel that is declared for it."""
        try:
            if channel is None:
                channel = self._notebook.serving(str(topic))
            return channel.show(
                topic, element=element, esm=source, name=given.name, params=given.params
            )
        except LiveStateError as error:
            raise UsageError(str(error)) from error

    def _channel(self, name: str) -> type[Channel] | None:
        """Return the channel class that the user calls so; None where there is none."""
        found = self._shell.user_ns.get(name)
        return found if isinstance(found, type) and issubclass(found, Channel) else None

    def _below_the_magic(self, cell: str) -> str:
        """Return a cell's body with the line numbers that its author sees."""
        parent = self._shell.kernel.get_parent("shell") or {}
        written = str(parent.get("content", {}).get("code", "")).rstrip("\n")
        body = cell.rstrip("\n")
        above = written.removesuffix(body).count("\n") if written.endswith(body) else 1
        return "\n" * above + cell

    @context_matcher()  # type: ignore[untyped-decorator]  # IPython types it not at all
    def _complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Return what may stand where the cursor is, and that alone, in a line of ours."""
        before, _, word = context.text_until_cursor.rpartition(" ")
        magic, *words = before.split() or [""]
        found = [one for one in self._candidates(magic, words) if one.startswith(word)]
        # IPython takes what follows a colon for a word of its own
        known = len(word) - len(context.token)
        return {"completions": [SimpleCompletion(one[known:]) for one in found], "suppress": True}

    def _candidates(self, magic: str, words: list[str]) -> Iterable[str]:
        if magic not in _PARSERS:
            return ()
        options = _PARSERS[magic].options
        last = words[-1] if words else ""
        if last == "--topic":
            return self._notebook.topics
        if last == "--element":
            return self._notebook.elements
        if last in options:
            return ()
        left = [option for option in options if option not in words]
        if magic == "%live":
            names = [name for name in self._shell.user_ns if self._channel(name)]
            return [*(() if words else names), *self._notebook.topics, *left]
        return [*(() if words else self._notebook.elements), *left]
