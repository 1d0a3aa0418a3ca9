"""What preflight says, in Dutch and English; one module per family of checks. Pure data."""
