"""Issue → MJML → HTML → inlined HTML, and the text part: no network, no clock."""
