"""Runs from the state of the world on a date: what they start from, what moves them and what does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hudna
from hudna.case.posterior import DRAWS
from hudna.cli import main
from hudna.engine import compile_scenario
from hudna.errors import InputError
from hudna.learn import origin as starting
from hudna.learn.origin import from_belief, from_world
from hudna.result import Result
from hudna.result.estimate import mean_and_error

from .conftest import Z_LIMIT
from .learned_case import NAME, SMALL, call, copied, edit, rows_text

START = dt.date(2024, 1, 1)
HALFWAY = dt.date(2023, 11, 6)
SIZE = {"draws": 40, "paths": 20, "seed": 5}
SAME = '\n[policies.same]\nname = "Stay, said otherwise"\nschedules.presence.points = [[2024-02-01, 1.0]]\n'
EARLY = """
[records.early]
name = "The first quarter"
start = 2023-07-03
until = 2023-10-02
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario with a policy that changes nothing; its case has no posterior."""
    scenario, _ = copied(tmp_path_factory.mktemp("bare"))
    edit(scenario, ("\n[outcomes.attacks]", f"{SAME}\n[outcomes.attacks]"))
    return scenario


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and its case has a posterior of its first quarter."""
    scenario, folder = copied(tmp_path_factory.mktemp("learned"))
    edit(scenario, ("\n[outcomes.attacks]", f"{SAME}\n[outcomes.attacks]"))
    edit(folder / "observations.toml", ("[counters.mission]", 'default = "autumn"\n\n[counters.mission]'))
    with (folder / "observations.toml").open("a", encoding="utf-8") as file:
        file.write(EARLY)
    assert call("calibrate", folder, *SMALL, "--record", "early")[0] == 0
    return scenario


@pytest.fixture(scope="module")
def anew(bare: Path) -> Result:
    """Halfway through the rows, parameters learned anew."""
    return hudna.run(bare, as_of=HALFWAY, **SIZE)


@pytest.fixture(scope="module")
def filtered(learned: Path) -> Result:
    """At the end of the rows, from a posterior of the first quarter."""
    return hudna.run(learned, as_of=START, **SIZE)


def folder_of(scenario: Path) -> Path:
    return scenario.parents[1] / f"params/{NAME}"


def alike(one: Result, other: Result) -> bool:
    """Whether every number is the same, bit for bit."""
    groups = ("outcomes", "histograms", "threat", "trajectories", "parameters")
    return all(getattr(one, group).equals(getattr(other, group)) for group in groups)


# --- What a run starts from -------------------------------------------------------------------------------------------


def test_a_result_says_what_it_started_from(anew, filtered):
    given = anew.about["given"]
    assert given["belief"] == "learned"
    assert (given["as_of"], given["from"], given["last_row"]) == ("2023-11-06", "2023-07-03", "2023-11-05")
    assert given["rows"] == {"likelihood": 16, "known": 1}
    assert "keyed by slot" in given["streams"]
    assert given["distinct_draws"] == 40
    assert anew.clusters is None  # all differ
    given = filtered.about["given"]
    assert (given["belief"], given["record"], given["learned_until"]) == ("posterior", "early", "2023-10-02")
    assert given["rows"] == {"likelihood": 23, "known": 1}
    theta = np.stack([filtered.parameters[name] for name in sorted(filtered.about["sources"])], axis=1)
    assert given["distinct_draws"] == np.unique(theta, axis=0).shape[0] < 40
    # Draws of one cluster have the same parameters, and no others have.
    same = (theta[:, None] == theta[None]).all(axis=2)
    assert (same == (filtered.clusters[:, None] == filtered.clusters[None])).all()


def test_the_record_holds_what_had_been_counted_by_then(anew):
    ends = {row["end"] for row in anew.about["record"]}
    assert max(ends) == "2023-11-05"
    assert {row["signal"] for row in anew.about["record"]} == {"attacks.*", "attacks.NORTH", "attacks.SOUTH", "strikes"}


def test_the_past_is_felt(bare, filtered):
    """At the end of 2023 the truce was broken; who starts from each node's start thinks that it holds."""
    fresh = hudna.run(bare, policies=["stay"], belief="prior", **SIZE)
    rows = hudna.run(bare, policies=["stay"], as_of=START, **SIZE)
    for told in (filtered, rows):
        y, plain = (found.sample("any_attack_4w", "stay").mean() for found in (told, fresh))
        assert y > 0.85
        assert plain < 0.8


def test_a_table_that_says_the_same_gives_the_same(learned, filtered, bare, anew):
    """Bit for bit, whether draws are filtered or learned anew; so does one with the rows in another order."""
    table = folder_of(learned) / "observations.csv"
    given = hudna.run(learned, given=table, **SIZE)  # as of the start
    assert alike(given, filtered)
    assert given.about["given"] == filtered.about["given"]
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    turned = learned.parent / "turned.csv"
    turned.write_text("\n".join([header, *lines[::-1]]) + "\n", encoding="utf-8")
    assert alike(hudna.run(learned, given=turned, as_of=START, **SIZE), filtered)
    assert alike(hudna.run(bare, given=table, as_of=HALFWAY, **SIZE), anew)


def test_rows_of_another_record_do_not_make_it_another_table(learned, filtered, tmp_path):
    """Those that end before the history begins are left aside, and the posterior is used."""
    table = tmp_path / "given.csv"
    text = (folder_of(learned) / "observations.csv").read_text(encoding="utf-8")
    table.write_text(text + "2019-01-07,2019-01-13,attacks.*,9,exact,mission,high,likelihood,,\n", encoding="utf-8")
    given = hudna.run(learned, given=table, **SIZE)
    assert alike(given, filtered)
    assert given.about["given"] == filtered.about["given"]


def test_other_rows_give_another_result(learned, filtered, tmp_path):
    table = tmp_path / "given.csv"
    text = (folder_of(learned) / "observations.csv").read_text(encoding="utf-8")
    last = "2023-12-25,2023-12-31,attacks.*,2,exact"
    assert last in text
    table.write_text(text.replace(last, last.replace(",2,", ",9,")), encoding="utf-8")
    assert not alike(hudna.run(learned, given=table, **SIZE), filtered)


# --- Nothing later ----------------------------------------------------------------------------------------------------


def without_later(scenario: Path, day: dt.date, path: Path) -> Path:
    """A table without the rows that had not ended on the morning of a day."""
    text = rows_text(folder_of(scenario), lambda cells: cells[1] < day.isoformat())
    path.write_text(text, encoding="utf-8")
    assert len(text.splitlines()) == 1 + 17
    return path


def test_later_rows_move_no_bit(bare, anew, tmp_path):
    table = without_later(bare, HALFWAY, tmp_path / "early.csv")
    deleted = hudna.run(bare, given=table, as_of=HALFWAY, **SIZE)
    assert alike(deleted, anew)
    assert deleted.about["given"] == anew.about["given"]


def test_later_rows_move_no_bit_of_filtered_draws(learned, tmp_path):
    table = without_later(learned, HALFWAY, tmp_path / "early.csv")
    whole = hudna.run(learned, as_of=HALFWAY, **SIZE)
    assert whole.about["given"]["belief"] == "posterior"
    assert alike(hudna.run(learned, given=table, as_of=HALFWAY, **SIZE), whole)


def test_a_filter_that_peeks_is_seen(learned, tmp_path, monkeypatch):
    """The twin: rows are laid out without the date, so that later ones weigh too."""
    table = without_later(learned, HALFWAY, tmp_path / "early.csv")
    honest = starting.laid_out
    monkeypatch.setattr(starting, "laid_out", lambda program, rows, scenario, _: honest(program, rows, scenario))
    whole = hudna.run(learned, as_of=HALFWAY, **SIZE)
    assert not alike(hudna.run(learned, given=table, as_of=HALFWAY, **SIZE), whole)


def test_a_posterior_that_knows_more_than_the_date_is_not_used(learned):
    origin = from_world(
        question := hudna.load(learned), compile_scenario(question), dt.date(2023, 9, 25),
        rows=None, draws=20, paths=4, seed=1, belief="posterior",
    )  # fmt: skip
    assert origin.about["belief"] == "learned"
    assert "learned_until" not in origin.about


# --- A posterior of another record ------------------------------------------------------------------------------------

OTHERS = """
[records.other]
name = { en = "Weeks in between", ar = "أسابيع بينهما" }
start = 2023-07-24
until = 2023-09-18

[records.crooked]
name = "From a Thursday"
start = 2023-07-06
until = 2023-09-21
"""


def learned_again(bare: Path, folder: Path, record: str) -> Path:
    """A copy with the posterior of another record than the one that runs go through."""
    scenario, case = copied(folder)
    scenario.write_bytes(bare.read_bytes())
    edit(case / "observations.toml", ("[counters.mission]", 'default = "autumn"\n\n[counters.mission]'))
    with (case / "observations.toml").open("a", encoding="utf-8") as file:
        file.write(OTHERS)
    assert call("calibrate", case, *SMALL, "--record", record)[0] == 0
    return scenario


def left(given: dict) -> str:
    return " ".join(notice["en"] for notice in given.get("notices", ()) if "not learned" in notice["en"])


def test_a_posterior_of_another_record_says_so_and_which_rows_it_passes_over(bare, tmp_path, monkeypatch, capsys):
    scenario = learned_again(bare, tmp_path / "other", "other")
    rows = hudna.load(scenario).case.observations.rows
    inside = [r for r in rows if r.use == "likelihood" and (r.kind != "events" or r.start >= dt.date(2023, 7, 24))]
    seen = {r.line for r in inside if dt.date(2023, 7, 24) <= r.end < dt.date(2023, 9, 18)}
    never = [r.line for r in rows if r.use == "likelihood" and r.end < dt.date(2023, 9, 18) and r.line not in seen]
    given = hudna.run(scenario, as_of=START, **SIZE).about["given"]
    assert (given["belief"], given["record"], given["record_name"]["ar"]) == ("posterior", "other", "أسابيع بينهما")
    assert never == [3, 4]
    assert "weigh nothing here: 2, observations.csv:3, 4; calibrate the record autumn" in left(given)
    plain = hudna.run(scenario, **SIZE).about["given"]
    assert "or start from a date with --as-of" in left(plain)
    assert f"here: {sum(r.use == 'likelihood' for r in rows) - len(seen)}, " in left(plain)
    monkeypatch.chdir(tmp_path)
    small = ["--draws", "20", "--paths", "4"]
    assert main(["run", str(scenario), *small, "--no-figures", "--as-of", "2024-01-01", "--lang", "ar"]) == 0
    out = capsys.readouterr().out
    assert "مشاهدات لم يستفد منها التوزيع البعدي" in out
    assert "أسابيع بينهما" in out
    for command in (["explain", str(scenario), *small], ["claims", str(scenario), *small],
                    ["compare", str(scenario), str(started(scenario, "")), *small]):  # fmt: skip
        assert main(command) == 0
        assert "has not learned from" in capsys.readouterr().out, command


def test_rows_that_would_weigh_twice_are_refused(bare, tmp_path):
    """Of a record that ends within a step: what ended in it before is in the posterior already."""
    scenario = learned_again(bare, tmp_path, "crooked")
    with pytest.raises(
        InputError,
        match=r"has learned from rows that would weigh its draws again, from 2023-09-18 on: observations.csv:9",
    ):
        hudna.run(scenario, as_of=START, **SIZE)
    assert left(hudna.run(scenario, **SIZE).about["given"])


def test_a_posterior_of_the_rows_of_the_run_has_nothing_to_say_of_them(filtered):
    given = filtered.about["given"]
    assert left(given) == ""
    few = [notice for notice in given.get("notices", ()) if "distinct draws in this run" in notice["en"]]
    assert bool(few) == (given["distinct_draws"] < 20)  # of 40


def test_a_posterior_that_was_learned_badly_says_so_wherever_it_is_used(learned, filtered, tmp_path, capsys):
    posterior = hudna.load(learned).case.posterior
    assert posterior is not None
    well = replace(posterior, theta=np.arange(2800.0).reshape(200, 14), about={},
                   learned={name: replace(found, rhat=1.01) for name, found in posterior.learned.items()})  # fmt: skip
    assert well.notices == ()
    badly = {
        "R-hat of attack_rate is 1.10": replace(
            well, learned={**well.learned, "attack_rate": replace(well.learned["attack_rate"], rhat=1.1)}
        ),
        "distinct draws of the posterior: 99": replace(well, theta=well.theta[:99]),
        "of a quick calibration": replace(well, about={"preset": "quick"}),
    }
    for text, one in badly.items():
        (notice,) = one.notices
        assert text in notice.en
        assert notice.ar
    question = hudna.load(learned)
    question = replace(question, case=replace(question.case, posterior=replace(posterior, about={"preset": "quick"})))
    for given in (hudna.run(question, **SIZE).about["given"], hudna.run(question, as_of=START, **SIZE).about["given"]):
        assert given["notices"][0]["en"].startswith("the posterior is of a quick calibration")


# --- Policies, clusters and errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["anew", "filtered"])
def test_policies_are_compared_on_the_same_numbers(which, request):
    result = request.getfixturevalue(which)
    for outcome in result.outcomes:
        difference = result.sample(outcome, "same") - result.sample(outcome, "stay")
        assert (difference == 0).all()
    other = result.sample("attacks", "leave") - result.sample("attacks", "stay")
    assert (other != 0).any()
    contrast = result.contrast("leave", "stay")
    assert contrast.loc["attacks", "vr_factor"] > 1.5
    error = mean_and_error(other.mean(axis=1), result.clusters)[1]
    assert contrast.loc["attacks", "mcse"] == pytest.approx(error)


def test_the_error_of_clusters_is_that_of_their_sums():
    """By hand: five draws, of which the first three are one."""
    means, clusters = np.array([1.0, 2.0, 3.0, 7.0, 12.0]), np.array([4, 4, 4, 0, 9])
    mean, error = mean_and_error(means, clusters)
    off = np.array([1 + 2 + 3 - 3 * 5, 7 - 5, 12 - 5])
    assert mean == 5
    assert error == pytest.approx(np.sqrt((off**2).sum() * 3 / 2) / 5)
    assert mean_and_error(means, np.arange(5)) == pytest.approx(mean_and_error(means))
    assert mean_and_error(np.repeat(means, 2), np.repeat(np.arange(5), 2))[1] == pytest.approx(mean_and_error(means)[1])
    assert np.isnan(mean_and_error(means, np.zeros(5, int))[1])


def test_the_error_knows_of_repeated_draws():
    """Means of draws of which many are repeated; who takes them for independent is too sure of them."""
    rng = np.random.default_rng(3)
    repeats, n, times = 3000, 60, 4
    clusters = np.repeat(np.arange(n), times)
    effects = rng.standard_normal((repeats, n))
    means = np.repeat(effects, times, axis=1) + 0.5 * rng.standard_normal((repeats, n * times))
    off = means.mean(axis=1)

    def z(errors: np.ndarray) -> float:
        ratio = (off / errors) ** 2  # of a t with n - 1: mean (n - 1) / (n - 3)
        return float((ratio.mean() - (n - 1) / (n - 3)) / (ratio.std(ddof=1) / np.sqrt(repeats)))

    assert abs(z(np.array([mean_and_error(row, clusters)[1] for row in means]))) < Z_LIMIT
    assert abs(z(np.array([mean_and_error(row)[1] for row in means]))) > Z_LIMIT


def test_tables_use_the_clusters(filtered):
    plain = replace(filtered, parameters=filtered.parameters.assign_coords(cluster=("draw", np.arange(40))))
    assert np.unique(filtered.clusters).size < 40
    for outcome in ("attacks", "pressure"):
        means = filtered.sample(outcome, "stay").mean(axis=1)
        row = ("stay", outcome)
        assert filtered.table().loc[row, "mcse"] == pytest.approx(mean_and_error(means, filtered.clusters)[1])
        assert plain.table().loc[row, "mcse"] == pytest.approx(mean_and_error(means)[1])
        assert filtered.table().loc[row, "mcse"] != plain.table().loc[row, "mcse"]


def test_more_draws_than_the_posterior_has_are_repeats(learned):
    question = hudna.load(learned)
    origin = from_belief(question, compile_scenario(question), 300, 1, "posterior")
    distinct = np.unique(origin.theta, axis=0).shape[0]
    assert np.unique(origin.clusters).size == distinct <= 120


# --- Starts -----------------------------------------------------------------------------------------------------------


def started(scenario: Path, lines: str) -> Path:
    path = scenario.with_name("started.toml")
    path.write_text(f'extends = "{scenario.name}"\n{lines}\n', encoding="utf-8")
    return path


def test_starts_of_the_scenario_go_before_what_was(learned):
    path = started(learned, 'starts = { truce = "holds", pressure = 0.9, "anger.SOUTH" = 0.2 }')
    question = hudna.load(path)
    program = compile_scenario(question)
    origins = [
        from_world(asked, program, START, rows=None, draws=20, paths=10, seed=1, belief="posterior")
        for asked in (question, hudna.load(learned))
    ]
    place = {name: i for i, name in enumerate(program.signals)}
    states, as_it_was = origins[0].states, origins[1].states
    assert (states.signals[:, place["truce"]] == 0).all()
    assert (states.signals[:, place["truce.holds"]] == 1).all()
    assert (states.signals[:, place["truce.broken"]] == 0).all()
    assert (as_it_was.signals[:, place["truce.broken"]] == 1).any()
    assert (states.signals[:, place["pressure"]] == 0.9).all()
    assert states.scores[:, program.levels.name.index("pressure")] == pytest.approx(np.log(9))
    kept = place["anger.NORTH"]
    assert (states.signals[:, kept] == as_it_was.signals[:, kept]).all()
    assert np.ptp(states.signals[:, kept]) > 0
    one, other = (hudna.run(asked, policies=["stay"], as_of=START, **SIZE) for asked in (path, learned))
    assert one.sample("truce_breaks", "stay").mean() > other.sample("truce_breaks", "stay").mean() + 1


def test_starts_of_counts_are_refused(learned):
    path = started(learned, 'starts = { "attacks.NORTH" = 3 }')
    with pytest.raises(InputError, match="can be those of regimes and levels only"):
        hudna.run(path, as_of=START, **SIZE)


# --- Engines and files ------------------------------------------------------------------------------------------------


def test_both_engines_give_the_same(learned):
    size = {"draws": 6, "paths": 5, "seed": 2, "as_of": START}
    plain, fast = (hudna.run(learned, engine=engine, **size) for engine in ("oracle", "vm"))
    assert (plain.about["engine"], fast.about["engine"]) == ("oracle", "vm")
    assert plain.parameters.equals(fast.parameters)
    assert plain.trajectories.equals(fast.trajectories)
    for outcome in plain.outcomes:
        np.testing.assert_allclose(plain.outcomes[outcome], fast.outcomes[outcome], rtol=1e-9)


def test_threads_move_no_bit(learned, filtered):
    assert alike(hudna.run(learned, as_of=START, threads=1, **SIZE), filtered)


def test_a_saved_result_keeps_what_it_started_from(filtered, tmp_path):
    filtered.save(tmp_path / "result.nc")
    again = hudna.open_result(tmp_path / "result.nc")
    assert again.about["given"] == filtered.about["given"]
    assert again.about["record"] == filtered.about["record"]
    assert (again.clusters == filtered.clusters).all()
    assert again.table().equals(filtered.table())


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_the_run_started_from(learned, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["--draws", "40", "--paths", "4", "--no-figures"]
    assert main(["run", str(learned), *small, "--as-of", "2024-01-01"]) == 0
    out = capsys.readouterr().out
    assert "From the state of the world on 2024-01-01, as observed (24 rows);" in out
    assert "parameters learned from rows to 2023-10-02 (The first quarter)" in out
    assert "distinct draws" in out
    assert main(["run", str(learned), *small]) == 0
    assert "From each node's start; parameters learned from rows to 2023-10-02" in capsys.readouterr().out
    assert main(["run", str(learned), *small, "--prior"]) == 0
    assert "From each node's start; parameters drawn from their priors" in capsys.readouterr().out


def test_a_table_may_be_given(learned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = without_later(learned, HALFWAY, tmp_path / "given.csv")
    small = ["--draws", "10", "--paths", "4", "--no-figures"]
    code, said, err = call("run", learned, *small, "--given", table, "--as-of", HALFWAY)
    assert (code, len(err.splitlines())) == (0, 1)
    assert err.startswith("Filtering the past")
    given = hudna.open_result(Path(said["out"]) / "result.nc").about["given"]
    assert given["rows"] == {"likelihood": 16, "known": 1}
    assert given["as_of"] == "2023-11-06"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--as-of", "2024-01-02"], "as_of = 2024-01-02: must not be after the scenario's start, 2024-01-01"),
        (["--as-of", "2023-06-30"], "as_of = 2023-06-30: must not be before 2023-07-03, where the case's history"),
        (["--as-of", "yesterday"], "as_of = 'yesterday': must be a date such as 2024-08-22"),
        (["--as-of", "2023-02-30"], "must be a date such as"),
        (["--as-of", ""], "must be a date such as"),
        (["--given", "nowhere.csv"], "nowhere.csv"),
        (["--given", "."], "."),
        (["--given", "bad.csv"], 'bad.csv:2: signal = "atacks.*"'),
    ],
)
def test_wrong_arguments_are_one_clear_error(more, said, bare, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    header = "date_start,date_end,signal,value,qualifier\n"
    Path("bad.csv").write_text(f"{header}2023-07-03,2023-07-09,atacks.*,1,exact\n", encoding="utf-8")
    assert main(["run", str(bare), "--draws", "4", "--paths", "2", *more]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert said in err
    assert not Path("out").exists()


def test_python_takes_whole_days_only(bare):
    for wrong in ("2024-01-1", dt.datetime(2024, 1, 1, 12), 20240101):  # noqa: DTZ001 (that is what is wrong)
        with pytest.raises(InputError, match="as_of"):
            hudna.run(bare, as_of=wrong, **SIZE)  # type: ignore[arg-type]


def test_a_start_between_two_steps_is_refused_with_the_nearest(bare):
    path = started(bare, "start = 2024-01-03")
    with pytest.raises(InputError, match=r"start = 2024-01-03.*such as 2024-01-01 or 2024-01-08"):
        hudna.run(path, as_of=START, **SIZE)


def test_days_between_the_date_and_the_start_are_simulated(learned):
    path = started(learned, "start = 2024-02-05")
    question = hudna.load(path)
    late, early = (
        from_world(question, compile_scenario(question), day, rows=None, draws=40, paths=50, seed=3, belief="posterior")
        for day in (START, dt.date(2024, 2, 5))
    )
    assert late.about["as_of"] == "2024-01-01"
    assert (late.states.signals == early.states.signals).all()  # nothing was seen in January
    now = from_world(
        hudna.load(learned), compile_scenario(hudna.load(learned)), START,
        rows=None, draws=40, paths=50, seed=3, belief="posterior",
    )  # fmt: skip
    broken = compile_scenario(question).signals.index("truce.broken")
    assert 0.5 < now.states.signals[:, broken].mean() < 1  # the last rows have attacks every week
    assert late.states.signals[:, broken].mean() < now.states.signals[:, broken].mean()


def test_a_case_without_records_has_no_past(tmp_path):
    with pytest.raises(InputError, match=r"no record in observations.toml"):
        hudna.run("toy-truce", draws=2, paths=2, as_of=hudna.load("toy-truce").file.start)


def test_a_posterior_that_cannot_explain_what_came_after_says_so(learned, tmp_path):
    """Three strikes in a week without attacks, after what was learned."""
    table = tmp_path / "given.csv"
    text = (folder_of(learned) / "observations.csv").read_text(encoding="utf-8")
    more = (
        "2023-12-04,2023-12-10,attacks.*,0,exact,,high,known,,\n2023-12-04,2023-12-10,strikes,3,exact,,,likelihood,,\n"
    )
    table.write_text(text + more, encoding="utf-8")
    with pytest.raises(hudna.HudnaError, match="no draw of the posterior can explain the rows that came after"):
        hudna.run(learned, given=table, **SIZE)


def test_the_draws_are_those_of_the_posterior(learned, filtered):
    lines = (folder_of(learned) / DRAWS).read_text(encoding="utf-8").splitlines()
    names, theta = lines[0].split(","), np.array([line.split(",") for line in lines[1:]], float)
    own = set(theta[:, names.index("attack_rate")])
    assert set(filtered.parameters["attack_rate"].to_numpy()) <= own
