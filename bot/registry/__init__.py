"""The commands, a module for each group of them; `bot.commands` puts them together."""
