"""A configuration that is made of several files."""

from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.domain.errors import ConfigError

MEMBER = "[[members]]\nname = '{0}'\nroute = ['ollama:{0}']\n"


def loaded(folder: Path, **files: str) -> Settings:
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return load_settings(folder / "config.toml", {})


def test_members_of_included_files_sit_after_the_files_own(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        config="include = ['one.toml', 'more/two.toml']\n" + MEMBER.format("own"),
        one=MEMBER.format("first"),
        more__two="include = ['three.toml']\n" + MEMBER.format("second"),
        more__three=MEMBER.format("third"),
    )
    assert [member.name for member in settings.members] == ["own", "first", "second", "third"]
    assert settings.include == ("one.toml", "more/two.toml")


def test_what_the_including_file_says_counts_key_by_key(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        config="include = ['base.toml']\n[trading]\nfee_bps = 3\n",
        base="[trading]\nfee_bps = 9\nslippage_bps = 4\n[arena]\nbenchmark = 'QQQ'\n",
    )
    assert (settings.trading.fee_bps, settings.trading.slippage_bps) == (3, 4)
    assert settings.arena.benchmark == "QQQ"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("include = ['none.toml']", "none.toml: there is no such file."),
        ("include = ['config.toml']", "the file includes itself"),
        ("include = ['bad.toml']", "bad.toml: not valid TOML"),
        ("include = 'models.toml'", "include must be an array of file names"),
        ("include = [' ']", "include must be an array of file names"),
        ('include = ["a\\u0000b"]', "the path cannot be used"),
        ("include = ['round.toml']", "the file includes itself"),
        ("include = ['dup.toml']\n" + MEMBER.format("a"), "the member name a is given twice"),
    ],
)
def test_what_cannot_be_included_is_refused_in_one_sentence(tmp_path: Path, config: str, told: str) -> None:
    with pytest.raises(ConfigError) as failure:
        loaded(
            tmp_path,
            config=config,
            bad="a = ",
            round="include = ['config.toml']",
            dup=MEMBER.format("a"),
        )
    assert told in str(failure.value)
    assert "\n" not in str(failure.value)


def test_files_are_not_included_without_end(tmp_path: Path) -> None:
    files = {f"f{number}": f"include = ['f{number + 1}.toml']" for number in range(10)}
    with pytest.raises(ConfigError, match="at most 50 files, 5 deep"):
        loaded(tmp_path, config="include = ['f0.toml']", **files)
    names = ", ".join(f"'e{number}.toml'" for number in range(60))
    with pytest.raises(ConfigError, match="at most 50 files"):
        loaded(tmp_path, config=f"include = [{names}]", **{f"e{number}": "" for number in range(60)})
