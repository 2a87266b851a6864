"""What single sentences about people say."""

from bot.present.notices import Place, closed_notice, whoami_notice


def test_whoami_tells_a_name_only_where_it_is_known() -> None:
    named = whoami_notice("slack:U0ALICE", "slack:C0TRADING", "admin", "alice")
    bare = whoami_notice("slack:U0ALICE", "slack:C0TRADING", "admin", "")
    assert named.text == "You are alice (slack:U0ALICE), admin in this chat (slack:C0TRADING)."
    assert bare.text == "You are slack:U0ALICE, admin in this chat (slack:C0TRADING)."


def test_admins_hear_whether_a_whole_chat_is_closed_or_one_thread_of_it() -> None:
    chat = closed_notice("slack:C0TRADING", [1, 3], "Gone.", Place.CHAT)
    thread = closed_notice("telegram:-100123", [2], "It is closed.", Place.THREAD)
    assert chat.text == (
        "The chat slack:C0TRADING is closed to Conclave, so its subscriptions 1, 3 are paused. Gone. "
        "They go on when the chat is open again, at the latest after the next command there."
    )
    assert thread.text == (
        "A thread of the chat telegram:-100123 is closed to Conclave, so its subscription 2 is paused. "
        "It is closed. When it is open again, resume there with /subscriptions."
    )
