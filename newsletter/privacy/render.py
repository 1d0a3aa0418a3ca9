"""Documents as HTML to keep and to print; the templates come from a loader that is handed in. Pure."""

import jinja2
from markupsafe import Markup

from newsletter.privacy.document import Document, parts
from newsletter.sandbox import sandbox
from subscribers.errors import ConfigurationError

TEMPLATE = "document.html"
STYLE = "document.css"


def to_html(document: Document, loader: jinja2.BaseLoader) -> str:
    """One self-contained file: no script, no font, nothing loaded; raises ConfigurationError for a broken template."""
    environment = sandbox(loader)
    environment.globals["parts"] = parts
    try:
        style = loader.get_source(environment, STYLE)[0]
        # The style is the operator's own file, not a visitor's text.
        return environment.get_template(TEMPLATE).render(document=document, style=Markup(style))  # noqa: S704 - see above
    except (jinja2.TemplateError, LookupError, TypeError, ValueError, AttributeError) as problem:
        raise ConfigurationError(
            f"the template of documents does not work: {problem}",
            where=TEMPLATE,
            remedy="mend it, or remove your copy so that the built-in one is used",
        ) from None
