"""What single sentences about people say."""

from bot.present.notices import whoami_notice


def test_whoami_tells_a_name_only_where_it_is_known() -> None:
    named = whoami_notice("slack:U0ALICE", "slack:C0TRADING", "admin", "alice")
    bare = whoami_notice("slack:U0ALICE", "slack:C0TRADING", "admin", "")
    assert named.text == "You are alice (slack:U0ALICE), admin in this chat (slack:C0TRADING)."
    assert bare.text == "You are slack:U0ALICE, admin in this chat (slack:C0TRADING)."
