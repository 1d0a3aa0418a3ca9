"""The preview: a local page that shows an issue as it will arrive, and follows its file."""
