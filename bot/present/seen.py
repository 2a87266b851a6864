"""Who was shown which evidence, in lines."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.present import numbers
from core.domain.costs import Seen, WhoSaw


def seen_lines(found: WhoSaw, zone: ZoneInfo) -> Iterator[str]:
    """Yield a line for all together, and one a call: when, to whom, what, for whom, and how it ended."""
    models = {(one.provider, one.model) for one in found.seen}
    asked, several = numbers.counted(len(found.seen) + found.more, "call"), len(models)
    yield f"{found.about}: {asked} to {numbers.counted(several, 'model')}"
    for one in found.seen:
        yield _line(one, zone)


def _line(one: Seen, zone: ZoneInfo) -> str:
    pack = numbers.short_hash(one.evidence_sha256) if one.evidence_sha256 else "no evidence"
    another = f" (answered: {one.served_by})" if one.served_by not in {"", one.model} else ""
    parts = (
        numbers.moment(one.at, zone),
        f"{one.provider}:{one.model}{another}",
        pack,
        " ".join(filter(None, (one.purpose.value, one.run_id, one.member, one.stage))),
        f"for {one.person} in {one.chat}",
        f"key {one.key}" if one.key else "no key",
        "from our cache" if one.from_cache else one.outcome.value,
    )
    return " · ".join(parts)
