"""Every card as the exact message that Telegram gets."""

from typing import get_args

import pytest

from bot.cards import Button, Card, Notice, ProgressLine
from bot.telegram_render import _draw, render, toast
from tests.loopback import telegram_samples as samples
from tests.loopback.telegram_rules import check_keyboard, check_text

NOTICE = """\
❌ I don't know the ticker NVDAA. Did you mean NVDA?

Reference <code>k3v9x2ma</code>"""

PROGRESS = """\
<b>Asking 5 members about NVDA</b>
<i>standard · as of 29 Oct 2025, 16:00 EDT</i>

⏳ <b>claude</b> · bull · 5 of 12
🟢 <b>gpt-4.1</b> · BUY 72 %
🕓 <b>gemini</b> · waiting
⚠️ <b>grok</b> · abstained: no answer within 60 s
🟡 <b>deepseek</b> · HOLD 55 %

🗳 Crowd: 3 BUY, 1 SELL"""

VERDICT = """\
🟢 <b>NVDA</b> · <b>BUY</b>
<i>standard · as of 29 Oct 2025, 16:00 EDT</i>

<pre>Agreement    75 % · 3 of 4 ballots
             · high consensus
Confidence   71 %
Risk         medium
Stop loss    $191.50
Take profit  $232.00
Outliers     deepseek
Abstained    1 of 5
Cost         $0.0613 · 48,210
             tokens
Time         14.2 s
Evidence     9f31c2ab · csv prices

BUY  ████████░░  3  78 %
HOLD ██░░░░░░░░  1  22 %
SELL ░░░░░░░░░░  0  0 %</pre>

🟢 <b>claude</b> Overweight · 72 % · $0.013 · 6.1 s
🟢 <b>gpt-4.1</b> Buy · 81 % · $0.021 · 9.8 s
🟢 <b>gemini</b> Buy · 61 % · $0.004 · 4.0 s · <i>answered by openrouter:google/gemini-2.5-flash</i>
⚪ <b>grok</b> · abstained: no answer within 60 s
🟡 <b>deepseek</b> Hold · 55 % · $0.002 · 7.4 s · <i>outlier</i>

🟢 <b>committee</b> Buy · 71 %
🟢 <b>crowd</b> Buy · 70 % · Votes: 3 BUY, 1 SELL

<b>Dissent</b>
◆ <b>deepseek</b> HOLD: RSI 71 is stretched &amp; the upper band at $209.80 is near.

<b>Paper trades</b>
• claude will buy 12.052031 NVDA at the next open, about $207.04 (kept to 25 % of the portfolio)
• gpt-4.1 bought 12.052031 NVDA at $207.08 for $2,495.73, fee $0.25

<i>Run k3v9x2ma · Paper trading, not advice.</i>"""

REASONING = """\
<b>claude on NVDA</b>
<i>BUY 72 % · Overweight · as of 29 Oct 2025, 16:00 EDT</i>

<b>Bull</b> · stage 5 of 12 · page 1 of 2

• Above all three averages
• Volume 1.4× on the breakout
• Stop at 191.50

<blockquote expandable>{BODY}</blockquote>

<i>answered by openrouter:anthropic/claude-sonnet-4.5 · 4,021 tokens · $0.0013 · 1.2 s</i>"""

LEADERBOARD = """\
<b>Leaderboard</b>
<i>Everyone started with $10,000.00</i>

🥇 <b>claude</b>  🥈 <b>gpt-4.1</b>  🥉 <b>buy_and_hold</b>

<pre>1 claude       $10,412.20  +4.12 %
  P&amp;L +$412.20 · 7 trades
  won 57 % · cash $7,904.02
2 gpt-4.1      $10,021.75  +0.22 %
  P&amp;L +$21.75 · 11 trades
  won 45 % · cash $2,512.88
3 buy_and_hold  $9,998.10  -0.02 %
  P&amp;L -$1.90 · 1 trade
  cash $7,501.00
4 deepseek              —        —
  3 trades · cash $5,120.40</pre>

⚠️ deepseek: no usable price for AAPL

<i>Marks of 29 Oct 2025 · Paper trading, not advice.</i>"""

PORTFOLIO = """\
<b>Portfolio of claude</b>
⚠️ AAPL cannot be priced, so the value leaves it out.

<pre>Value         $10,412.20
P&amp;L           +$412.20 · +4.12 %
Cash          $5,408.00
Started with  $10,000.00</pre>

<b>Holdings</b>
<pre>NVDA                     $2,532.25
  12.052031 at $207.08 → $210.11
BRK.B                    $2,471.95
  5 at $490.10 → $494.39
TSLA                    −$1,784.00
  4 short at $440.10 → $446.00
AAPL
  no usable price: the last bar is
  9 sessions old
  3.5 at $231.00</pre>

<b>Levels</b>
• NVDA: stop $190.00, take-profit $240.00
• TSLA: stop $480.00

<b>Waiting orders</b>
• will sell 5 BRK.B at the next open, about $494.39

<b>Last fills</b>
• 29 Oct 2025 bought 12.052031 NVDA at $207.08 for $2,495.73, fee $0.25 (kept to 25 %)

<b>History</b>
• 29 Oct 2025 fees for borrowed TSLA so far: −$0.44
• 28 Oct 2025 BRK.B split 1,500 for 1: 0.003333 became 5
• 27 Oct 2025 dividend of AAPL: +$0.91

<i>Live books, marked 29 Oct 2025, 16:00 EDT · Paper trading, not advice.</i>"""

MODELS = """\
<b>The committee</b>

<b>claude</b>
openrouter:anthropic/claude-sonnet-4.5 → openai:gpt-4.1 · weight 1

<b>trend</b>
baseline, a rule without a model · weight 0.5

<b>grok</b>
openrouter:x-ai/grok-4 · weight 1 · does not take part

<i>2 of 3 members take part in every run.</i>"""

CALIBRATION = """\
<b>How far to trust claude</b>

<pre>1 session    53 % of 45 right
5 sessions   60 % of 42 right
20 sessions  n/a · 6 ballots
Judged       42 ballots after 5
             sessions · 7 HOLDs
             left out
Brier        0.251 · 42 ballots
ECE          11.4 % · 42 ballots
Weight       1 configured
Learned      0.8712 · 42 ballots,
             worth 18.4 · not in
             use</pre>

<pre>said               right   n worth
60–70 %  █████░│░░  58 %  12  61 %
70–80 %  ██████░│░  62 %  21  67 %
90–100 % ████████│ 100 % 109 100 %</pre>

Bars: how often it was right, by what it said; │ is what it said, worth what that counts as.

<i>Live ballots, settled up to 29 Oct 2025, 16:00 EDT · Paper trading, not advice.</i>"""

SUBSCRIPTIONS = """\
<b>3 subscriptions</b>
Number 4 is paused.

<b>1</b> · <code>verdicts NVDA,BRK.B weekdays 16:30</code>
on weekdays at 16:30 (America/New_York)
next Fri 28 Nov 16:30 (New York) · in its topic

<b>4</b> · <code>digest daily after close</code>
every day after the close
paused: the chat was closed to me

<b>12</b> · <code>alerts</code>
when it happens

<i>/subscribe 1 digest before open changes number 1.</i>"""

DIALOGUE = """\
<b>Subscription 1 is made</b>

It comes at the times of this chat.

• <b>What</b>: verdicts NVDA,BRK.B weekdays 16:30
• <b>Next</b>: Fri 28 Nov 16:30 (New York)
• <b>Cost</b>: about $0.41 a day with five models

<code>/subscribe 1 digest before open</code>

<i>/subscriptions lists all of this chat.</i>"""

HELP = """\
<b>Commands</b>

Ask the committee, open its reasoning, follow its portfolios.

<b>The committee</b>
<code>/run NVDA [AAPL …] [quick|standard|deep]</code>
Ask the committee about a ticker
<code>/why NVDA [model] [stage]</code>
Open the verdict and each model's reasoning

<b>How they stand</b>
/leaderboard
Rank the models by the value of their portfolios

/whoami
Show your ids and your role here

<i>/help run explains one command. Paper trading, not advice.</i>"""


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        pytest.param(samples.NOTICE, NOTICE, id="notice"),
        pytest.param(samples.PROGRESS, PROGRESS, id="progress"),
        pytest.param(samples.VERDICT, VERDICT, id="verdict"),
        pytest.param(samples.REASONING, REASONING, id="reasoning"),
        pytest.param(samples.LEADERBOARD, LEADERBOARD, id="leaderboard"),
        pytest.param(samples.PORTFOLIO, PORTFOLIO, id="portfolio"),
        pytest.param(samples.MODELS, MODELS, id="models"),
        pytest.param(samples.CALIBRATION, CALIBRATION, id="calibration"),
        pytest.param(samples.SUBSCRIPTIONS, SUBSCRIPTIONS, id="subscriptions"),
        pytest.param(samples.DIALOGUE, DIALOGUE, id="dialogue"),
        pytest.param(samples.HELP, HELP, id="help"),
    ],
)
def test_a_card_reads_exactly_so(card: Card, expected: str) -> None:
    message = render(card)
    assert message.text_html == expected.replace("{BODY}", samples.REASONING.body)
    check_text(message.text_html, "HTML")


@pytest.mark.parametrize("card", samples.ALL, ids=lambda card: type(card).__name__)
def test_tables_fit_a_narrow_phone(card: Card) -> None:
    for table in check_text(render(card).text_html, "HTML").of("pre"):
        assert max(map(len, table.splitlines())) <= 34


def test_a_sentence_and_the_first_screen_carry_their_buttons() -> None:
    assert render(samples.NOTICE).keyboard == ((("NVDA", "m.run NVDA"),),)
    assert render(samples.HELP).keyboard == ((("Leaderboard", "mn.leaderboard"),),)


def test_each_subscription_has_its_buttons_in_a_row_of_its_own() -> None:
    rows = [[label for label, _ in row] for row in render(samples.SUBSCRIPTIONS).keyboard]
    assert rows == [["Pause 1", "Delete 1"], ["Resume 4", "Delete 4"], ["2 ▶"]]


def test_the_verdict_has_a_button_for_each_member_three_in_a_row() -> None:
    rows = render(samples.VERDICT).keyboard
    assert [[label for label, _ in row] for row in rows] == [
        ["claude", "gpt-4.1", "gemini"],
        ["grok", "deepseek"],
    ]
    assert rows[0][0][1] == "w.k3v9x2ma.1"


def test_a_page_has_back_and_next_above_its_stages() -> None:
    rows = render(samples.REASONING).keyboard
    assert [label for label, _ in rows[0]] == ["◀ Back", "Next ▶"]
    assert sum(map(len, rows[1:])) == 12


def test_long_button_labels_get_fewer_in_a_row() -> None:
    buttons = tuple(Button(label="a member with a long name", data=f"w.r.{number}") for number in (1, 2))
    assert [len(row) for row in render(samples.VERDICT.model_copy(update={"buttons": buttons})).keyboard] == [
        1,
        1,
    ]


def test_a_large_committee_has_two_buttons_in_a_row() -> None:
    buttons = tuple(Button(label=f"claude-sonnet-{n:02d}", data=f"w.r.{n}") for n in range(1, 31))
    rows = render(samples.VERDICT.model_copy(update={"buttons": buttons})).keyboard
    assert [len(row) for row in rows] == [2] * 15


def test_a_button_whose_data_telegram_would_refuse_is_left_out_and_the_card_still_arrives() -> None:
    buttons = (Button(label="x", data="d" * 65), Button(label="", data="w.r.1"), Button(label="y", data=""))
    assert render(samples.VERDICT.model_copy(update={"buttons": buttons})).keyboard == ((("…", "w.r.1"),),)


def test_no_more_than_a_hundred_buttons() -> None:
    buttons = tuple(Button(label=str(number), data=f"w.r.{number}") for number in range(1, 131))
    card = samples.REASONING.model_copy(update={"stage_buttons": buttons})
    rows = render(card).keyboard
    assert sum(map(len, rows)) == 100
    check_keyboard({"inline_keyboard": [[{"text": a, "callback_data": b} for a, b in row] for row in rows]})


def test_many_members_are_counted_rather_than_listed_without_end() -> None:
    lines = tuple(ProgressLine(member=f"m{n}", state="waiting", detail="waiting") for n in range(45))
    html = render(samples.PROGRESS.model_copy(update={"lines": lines, "votes": None})).text_html
    assert "m29" in html
    assert "m30" not in html
    assert html.endswith("… and 15 more")


def test_ids_in_a_notice_are_copied_by_a_tap() -> None:
    html = render(Notice(text="You are Bob (telegram:1001) in telegram:-100123.")).text_html
    assert html == "You are Bob (<code>telegram:1001</code>) in <code>telegram:-100123</code>."


def test_a_command_with_its_ticker_is_copied_by_a_tap_and_a_bare_one_is_sent() -> None:
    html = render(Notice(text="There is no run of BRK.B. Start one: /run BRK.B. Or send /help.")).text_html
    assert html == "There is no run of BRK.B. Start one: <code>/run BRK.B</code>. Or send /help."


def test_a_notice_with_many_ids_is_still_a_message() -> None:
    check_text(render(Notice(text="telegram:1 " * 300)).text_html, "HTML")


def test_a_toast_is_plain_and_short() -> None:
    assert (
        toast(Notice(text="This run is <too> old.\nSend /run NVDA."))
        == "This run is <too> old. Send /run NVDA."
    )
    assert len(toast(Notice(text="é" * 300))) == 200


def test_a_card_without_any_visible_sign_is_still_a_message() -> None:
    assert render(Notice(text="\u200b \n\u2800")).text_html == "…"


@pytest.mark.parametrize("kind", get_args(Card), ids=lambda kind: kind.__name__)
def test_there_is_no_card_that_telegram_cannot_show(kind: type) -> None:
    assert _draw.dispatch(kind) is not _draw.dispatch(object), kind
