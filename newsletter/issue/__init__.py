"""Issue files: front matter, Markdown, blocks and fields, parsed into frozen values."""
