"""The doors: terminal, Telegram and Slack. Converts and shows; computes no number."""
