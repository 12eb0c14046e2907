"""The command line: one short command for each workflow function."""
