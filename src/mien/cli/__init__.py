"""The command line: one small file a command, registered in `main`. Everything below may be imported from here."""
