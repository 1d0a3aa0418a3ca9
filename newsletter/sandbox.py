"""Jinja as all our templates are rendered: in a sandbox, and a name that is not there is an error. Pure."""

from collections.abc import Callable

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment


def sandbox(
    loader: jinja2.BaseLoader, *, autoescape: bool | Callable[[str | None], bool] = True, auto_reload: bool = True
) -> jinja2.Environment:
    """An environment over `loader`; `autoescape` tells by the name of a template whether it is markup."""
    return ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=auto_reload,
    )
