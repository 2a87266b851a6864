"""The report of a season: one HTML file that needs no network and nothing beside it."""

from bot.report.page import render
from bot.report.writing import ChatsOf, write_report

__all__ = ["ChatsOf", "render", "write_report"]
