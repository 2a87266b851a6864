"""Our own path as a side of `benchmarks.gateway`: `python -m benchmarks._gateway_ours`.

It is a member's model as a run asks it: the cache is looked through and nothing found, a step is taken,
the route, its breaker and the pool of two keys are asked, money is reserved in the scopes of the day, the
run, the chat, the tier and the key (USD and tokens), the key's pace and the places among concurrent calls are
kept, the answer is read, checked and kept in the cache, the reservation settled and the record of the call
written: all in a database file. A run has twelve calls, as the standard one. A batch ends when all is
written.
"""

import tempfile
from decimal import Decimal

from benchmarks._gateway_drive import Json, Side, drive, turns
from benchmarks.model_calls import Decision
from core.clock import SystemClock
from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey
from core.config.secret import SecretRef
from core.config.settings import Budget, Pipeline, Settings
from core.domain.calls import Caller
from core.domain.stage import Stage
from core.llm.answer_schema import answer_schema
from core.llm.gateway import Gateway
from core.llm.port import Ask, LanguageModel, Message
from core.store.store import Store

MUCH = Decimal(100_000)
A_RUN = tuple(Stage)
EVIDENCE = "0" * 64


def settings_of(request: Json, member: MemberSettings) -> Settings:
    """Everything that can limit a call does, and none of it is reached."""
    keys = tuple(
        ProviderKey(
            name=f"key-{number}",
            secret=SecretRef(f"env:KEY_{number}"),
            daily_usd=MUCH,
            daily_tokens=10**12,
            rpm=10**9,
            tpm=10**12,
        )
        for number in range(len(request["keys"]))
    )
    return Settings(
        providers=(Provider(name="loopback", base_url=request["base_url"], keys=keys, max_concurrency=1024),),
        members=(member,),
        pipeline=Pipeline(max_concurrency=1024),
        budget=Budget(daily_usd=MUCH, per_run_usd=MUCH, per_chat_daily_usd=MUCH, tiers={"premium": MUCH}),
    )


async def ours(request: Json) -> Side:
    """Our path."""
    folder = tempfile.TemporaryDirectory()
    member = MemberSettings(
        name="member",
        route=(f"loopback:{request['model']}",),
        tier="premium",
        max_concurrency=256,
        max_output_tokens=request["max_tokens"],
        price_in_usd_per_mtok=Decimal(3),
        price_out_usd_per_mtok=Decimal(15),
    )
    clock = SystemClock()
    store = await Store.open(f"sqlite+aiosqlite:///{folder.name}/gateway.db", clock)
    gateway = Gateway(
        settings_of(request, member),
        environ={f"KEY_{number}": key for number, key in enumerate(request["keys"])},
        clock=clock,
        states=store.providers,
        book=store.budgets,
        log=store.calls.log,
        answers=store.model_answers,
    )
    schema = answer_schema(Decision)
    runs: dict[int, tuple[LanguageModel, int]] = {}

    def of_run(number: int, place: int) -> tuple[LanguageModel, Stage]:
        model, made = runs.get(place, (None, 0))
        if model is None or made == len(A_RUN):
            caller = Caller(member=member.name, run_id=f"run-{number}", chat="telegram:-1001")
            model, made = gateway.model_for(member, caller=caller, cache_on=EVIDENCE), 0
        runs[place] = (model, made + 1)
        return model, A_RUN[made]

    async def call(number: int, place: int) -> object:
        model, stage = of_run(number, place)
        ask = Ask(
            messages=tuple(Message(**turn) for turn in turns(request, number)),
            answer=schema,
            answer_type=Decision,
            max_output_tokens=request["max_tokens"],
            stage=stage,
        )
        answer = await model.ask(ask)
        if answer.from_cache:
            raise SystemExit("our path gave an answer of the cache")
        return answer.text

    async def end() -> None:
        if not await store.calls.log.flush(60):
            raise SystemExit("the records were not written")

    async def close() -> None:
        await gateway.close()
        await store.close()
        folder.cleanup()

    return Side(call, end, close)


if __name__ == "__main__":
    drive(ours)
