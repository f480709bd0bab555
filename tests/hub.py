"""A user's server as JupyterHub 6.1 runs it, without JupyterHub.

It is below an odd path, knows users by tokens of their own, and takes no cookie of a page's `fetch`
without the page's `_xsrf`: the pages of all users have one origin.
"""

from typing import Any, Final

from jupyter_server.auth import User
from jupyter_server.auth.identity import PasswordIdentityProvider

BASE_URL: Final = "/user/a@b%20c/"
TOKENS: Final = {"token-of-ann": "ann", "token-of-bob": "a@b c", "token-of-token": "token"}


class LikeJupyterHub(PasswordIdentityProvider):
    """Knows users by `TOKENS`, beside the server's own token, and pages by their `_xsrf`."""

    async def get_user_token(self, handler: Any) -> User | None:
        name = TOKENS.get(self.get_token(handler) or "")
        return await super().get_user_token(handler) if name is None else User(name)

    def get_user_cookie(self, handler: Any) -> Any:
        headers = handler.request.headers
        is_fetch = headers.get("Sec-Fetch-Mode") == "cors"
        if is_fetch and headers.get("X-XSRFToken") != handler.get_cookie("_xsrf"):
            return None
        return super().get_user_cookie(handler)
