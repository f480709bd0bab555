"""Generate a Lit element: plain JavaScript for `show`, or TypeScript for web pages.

It must not know servers.
"""

import shlex
from pathlib import Path
from string import Template
from typing import Final

from livestate_nb_server.gen.files import element_class, snake, write


def gen_element(
    channel: str, tag: str, directory: Path, *, is_typescript: bool, force: bool
) -> str:
    """Write an element, and say how to use or build it.

    Args:
        channel: the name of its channel's class, as `gen_channel` takes it.
        tag: the element's tag.
        directory: where to write.
        is_typescript: whether to write TypeScript.
        force: whether to replace a file that exists.

    Raises:
        CommandError: the name or tag is none, or the file exists or cannot be written.
    """
    words = {"channel": channel, "snake": snake(channel), "tag": tag, "name": element_class(tag)}
    path = directory / f"{tag}.{'ts' if is_typescript else 'js'}"
    text, following = (_TYPESCRIPT, _BUILD) if is_typescript else (_JAVASCRIPT, _SHOW)
    told = write({path: text.substitute(words)}, force=force)
    quoted = {"path": repr(str(path)), "shell_path": shlex.quote(str(path))}
    return f"{told}\n{following.substitute(words, **quoted)}"


_JAVASCRIPT: Final = Template("""\
import { css, html } from "lit";
import { LiveElement } from "livestate-nb";

export default class $name extends LiveElement {
  static styles = css`
    ul { padding: 0; list-style: none; }
  `;

  render(state) {
    return html`
      <ul>$${state.items.map((item) => html`<li>$${item}</li>`)}</ul>
      <form @submit=$${this.live.submit("add")}>
        <input name="title" aria-label="Title" required> <button>Add</button>
      </form>`;
  }
}
""")

_SHOW: Final = Template("""\
to show it in a notebook:
    from pathlib import Path
    $channel.show("$snake:1", element="$tag", esm=Path($path))""")

_TYPESCRIPT: Final = Template("""\
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { type LiveState, liveState, liveStateConfig, liveStateProperty } from "phx-live-state";

@customElement("$tag")
@liveState({ events: { send: ["add"] } })
export class $name extends LitElement {
  static styles = css`
    ul { padding: 0; list-style: none; }
  `;

  /** Where the server is, such as "ws://localhost:8888/livestate". */
  @property()
  @liveStateConfig("url")
  url = "";

  @property()
  @liveStateConfig("topic")
  topic = "$snake:1";

  /**
   * Options of Phoenix's socket, set before the element is connected: how the page authenticates
   * where the server knows it by no cookie, such as { params: { token: "..." } }.
   */
  @liveStateConfig("socketOptions")
  socketOptions?: object;

  @state()
  @liveStateProperty()
  items: string[] = [];

  /** Made by the decorator of the class when the element is connected to a page. */
  declare liveState: LiveState;

  connectedCallback() {
    super.connectedCallback();
    // phx-live-state 0.12 leaves this to the element, unless it provides its LiveState to others
    queueMicrotask(() => {
      if (this.isConnected) this.liveState.connect();
    });
  }

  render() {
    return html`
      <ul>$${this.items.map((item) => html`<li>$${item}</li>`)}</ul>
      <form @submit=$${this.submit}>
        <input name="title" aria-label="Title" required> <button>Add</button>
      </form>`;
  }

  private submit(event: SubmitEvent) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const detail = Object.fromEntries(new FormData(form));
    this.dispatchEvent(new CustomEvent("add", { detail }));
    form.reset();
  }
}
""")

_BUILD: Final = Template("""\
to build it:
    npm install lit phx-live-state
    npm install --save-dev esbuild
    npx esbuild $shell_path --bundle --format=esm --outfile=dist/$tag.js \
--tsconfig-raw='{"compilerOptions":{"experimentalDecorators":true,"useDefineForClassFields":false}}'
to use it in a page:
    <script type="module" src="dist/$tag.js"></script>
    <$tag url="ws://localhost:8888/livestate"></$tag>""")
