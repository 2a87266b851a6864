"""The HTTP interface for programs: what `bot.http_door` serves beside the webhooks of the platforms."""
