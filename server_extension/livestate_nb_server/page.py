"""The page that says what a server hosts.

It must not know requests.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from livestate_nb import Channel
from livestate_nb_server.hosted import Failed


def page(
    url: str,
    channels: Mapping[str, type[Channel]],
    elements: Iterable[str],
    failed: Sequence[Failed],
) -> str:
    """Return the page, HTML.

    Args:
        url: where clients connect, without the host.
        channels: topic pattern -> the channel that serves it.
        elements: the tags of those that config names.
        failed: what could not be loaded.
    """
    rows = "".join(
        f"<tr><td><code>{escape(pattern)}</code></td><td>{escape(channel.__name__)}</td>"
        f"<td>{escape(', '.join(channel.events()))}</td></tr>"
        for pattern, channel in channels.items()
    )
    modules = "".join(
        f"<li><code>{escape(url)}/elements/{escape(tag)}.js</code></li>" for tag in elements
    )
    faults = "".join(
        f"<li><code>{escape(one.source)}</code>: {escape(one.message)}</li>" for one in failed
    )
    return _PAGE.format(
        url=escape(url),
        hosted=_TABLE.format(rows=rows) if rows else _NOTHING,
        elements=f"<h2>Elements</h2>\n<ul>{modules}</ul>" if modules else "",
        failed=f"<h2>Could not be loaded</h2>\n<ul>{faults}</ul>" if faults else "",
    )


_TABLE = "<table><tr><th>Topic<th>Channel<th>Events</tr>{rows}</table>"
_NOTHING = """<p>No channels yet. Name them in <code>jupyter_server_config.py</code>:</p>
<pre>c.LiveStateApp.channels = {"todo:*": "package.module:Class"}</pre>"""
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>LiveState</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto;
    padding: 0 1rem; }}
  table {{ border-collapse: collapse; width: 100%; }}
  th, td {{ text-align: left; padding: 0.4rem 1rem 0.4rem 0; border-bottom: 1px solid #8886; }}
  pre {{ overflow-x: auto; }}
</style>
<h1>LiveState</h1>
<p>Clients of <code>phoenix</code> and <code>phx-live-state</code> connect to
<code>{url}</code>.</p>
{hosted}
{elements}
{failed}
</html>
"""
