"""One module per word of the command line: parse, call one use-case, show."""
