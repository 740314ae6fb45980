"""Exit codes that belong to no `MienError`, which has one of its own."""

UNFORESEEN = 1
INTERRUPTED = 130
PIPE_CLOSED = 141
"""As of a program that SIGPIPE ends."""
