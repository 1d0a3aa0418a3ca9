"""One module per group of commands; this is where errors become exit statuses."""
