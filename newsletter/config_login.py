"""How we sign in at a relay: by password, or by a token that a program or another service renews (XOAUTH2). Pure."""

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from newsletter.config_values import AnyPath, Table

_PASSWORD = ("password", "password_file")
_TOKEN = ("token", "token_file", "token_command")


class Login(Table):
    """The keys of a `[relays.<name>]` table that say who we are there; no secret needs to stand in the file."""

    username: str | None = None
    auth: Literal["password", "xoauth2"] = "password"
    """`password`: PLAIN, LOGIN or CRAM-MD5, what the server offers; `xoauth2`: an access token (Microsoft, Google)."""
    password: SecretStr | None = None
    password_file: AnyPath | None = None
    token: SecretStr | None = None
    """Of no use for longer than it lives; for `NEWSLETTER__RELAYS__<NAME>__TOKEN` in a job of a scheduler."""
    token_file: AnyPath | None = None
    """Read for every connection, so that another program may renew it; readable by its owner only."""
    token_command: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """A program and its arguments, without a shell; it prints the token."""

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        wanted, others = (_TOKEN, _PASSWORD) if self.auth == "xoauth2" else (_PASSWORD, _TOKEN)
        if surplus := self._given(others):
            msg = f'{surplus[0]} is given, and auth = "{self.auth}" has no use for it'
            raise ValueError(msg)
        given = self._given(wanted)
        if len(given) > 1:
            msg = f"{' and '.join(given)} are given; keep one"
            raise ValueError(msg)
        if given and not self.username:
            msg = f"a {wanted[0]} is given, but no username"
            raise ValueError(msg)
        if not given and (self.username or self.auth == "xoauth2"):
            msg = (
                f"there is no {wanted[0]}: set {' or '.join(wanted[1:])}, "
                f"or NEWSLETTER__RELAYS__<NAME>__{wanted[0].upper()} in the environment"
            )
            raise ValueError(msg)
        return self

    def _given(self, keys: tuple[str, ...]) -> list[str]:
        return [key for key in keys if getattr(self, key)]
