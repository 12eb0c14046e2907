"""`python -m gist_imaging` is `gist-imaging`."""

from gist_imaging.cli.main import run

if __name__ == "__main__":
    run()
