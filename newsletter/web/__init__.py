"""The public pages: unsubscribe, web archive, media."""
