"""Jobs and their outcomes (pure), worker and SMTP (edges)."""
