"""`python -m bot` is `conclave`."""

from bot.cli import main

if __name__ == "__main__":
    main()
