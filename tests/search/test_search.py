"""What a search proposes and remembers, without training: all is computed by a formula."""

import dataclasses
import io
import json
import random
import shutil
from collections import Counter

import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo.data import SequenceClassification
from rnnzoo.search.trials import Trial

TUNERS = ("bayesian", "hyperband", "random", "grid")
TWO = {"num_layers": None, "dropout": None, "batch_size": None, "sequence_length": None}
"""Leaves learning rate and units."""


def outcome(found):
    """What must not depend on kills."""
    return [(t.id, t.values, t.score, t.state) for t in found.trials]


@pytest.mark.parametrize("tuner", TUNERS)
def test_killed_and_resumed_it_proposes_what_the_undisturbed_search_proposes(tuner, search, computed, killed):
    """The driver dies before a write, again and again; no trial is lost, none is finished twice."""
    options = {"tuner": tuner, "trials": 9, "search": TWO, "settings": {"epochs": 9}}
    undisturbed = outcome(search("undisturbed", **options))
    assert len(undisturbed) == 9
    computed.jobs.clear()
    rng, kills = random.Random(0), 0
    while True:
        killed(rng.randint(2, 7))
        try:
            found = search("killed", **options)
            break
        except killed.error:
            kills += 1
    assert kills >= 5
    assert outcome(found) == undisturbed
    assert len(computed.jobs) <= 9 + kills  # at most the one in flight is begun again


@pytest.mark.parametrize("tuner", ["bayesian", "random"])
def test_the_first_trial_is_the_recipe_and_the_best_is_close_to_the_optimum(tuner, search, computed):
    found = search(tuner=tuner, trials=9, search=TWO, settings={"learning_rate": 1e-3})
    assert found.trials[0].settings == {"learning_rate": 1e-3, "units": 16}  # 8 units lie outside 16 to 256
    best = max(found.trials, key=lambda t: t.score)
    assert best.score > found.trials[0].score
    assert 1e-3 < best.settings["learning_rate"] < 1e-2


def test_bayesian_never_proposes_a_failed_point_again(search, computed):
    """Everything near the optimum fails: without care, the oracle sticks to it."""
    inner = computed.answer
    computed.answer = lambda job: {"failed": "no"} if job["recipe"]["learning_rate"] > 6e-4 else inner(job)
    space = {"learning_rate": [1e-4, 3e-4, 5e-4, 1e-3, 3e-3, 1e-2], "units": [16, 32]}
    found = search(trials=12, search={**TWO, **space}, settings={"learning_rate": 1e-4})
    points = Counter(json.dumps(t.settings, sort_keys=True) for t in found.trials)
    assert len(points) == len(found.trials) == 12
    assert sum(t.state == "FAILED" for t in found.trials) == 6


def test_hyperband_goes_on_when_trials_of_a_round_fail(search, computed):
    """KerasTuner alone ends a bracket in which too many fail, without a word."""
    healthy = search("healthy", tuner="hyperband", search=TWO, settings={"epochs": 9}).trials
    inner = computed.answer
    ill = iter([True] * 4)
    computed.answer = lambda job: {"failed": "no"} if next(ill, False) else inner(job)
    found = search("ill", tuner="hyperband", search=TWO, settings={"epochs": 9}).trials
    rounds = [Counter(t.values["tuner/round"] for t in trials) for trials in (healthy, found)]
    assert rounds[0] == rounds[1]
    assert max(rounds[0]) == 2
    continued = [t for t in found if t.values["tuner/round"]]
    assert all(found[int(t.values["tuner/trial_id"])].state == "DONE" for t in continued)


def test_grid_tries_every_combination_once(search, computed):
    space = {"learning_rate": [1e-3, 1e-2], "units": [4, 8, 16]}
    found = search(tuner="grid", search={**TWO, **space})
    assert len({(t.settings["learning_rate"], t.settings["units"]) for t in found.trials}) == len(found.trials) == 6


@pytest.mark.parametrize("tuner", TUNERS)
def test_models_are_a_choice_and_their_own_dials_belong_to_them(tuner, search, computed):
    space = {**TWO, "kernel_size": [3, 5], "units": None}
    found = search(tuner=tuner, trials=10, models=["cnn_lstm", "gru"], search=space, settings={"epochs": 9})
    assert {t.settings["model"] for t in found.trials} == {"cnn_lstm", "gru"}
    for trial in found.trials:
        assert ("kernel_size" in trial.settings) == (trial.settings["model"] == "cnn_lstm")
    for trial, job in zip(found.trials, computed.jobs, strict=True):
        used = job["recipe"]
        flat = {**used, **used["hyperparameters"]}
        assert {name: flat[name] for name in trial.settings} == trial.settings


def test_more_trials_extend_a_search(search, computed):
    first = search(trials=4, search=TWO).trials
    more = search(trials=6, search=TWO).trials
    assert more[:4] == first
    assert [t.values for t in more] == [t.values for t in search("at once", trials=6, search=TWO).trials]
    assert len(search(trials=2, search=TWO).trials) == 6  # nothing is forgotten
    assert len(computed.jobs) == 6 + 6


# Files. -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["search.json", "trials/0001/trial.json"])
@pytest.mark.parametrize("damage", ["", "{", "[]", "{}"])
def test_a_damaged_file_is_set_aside_and_made_anew(which, damage, search, computed, tmp_path):
    before = search(trials=3, search=TWO).trials
    path = tmp_path / "tune" / which
    content = path.read_text()
    path.write_text(damage)
    computed.jobs.clear()
    assert search(trials=3, search=TWO).trials == before
    assert computed.jobs == []
    assert (path.parent / f"{path.name}.damaged-1").read_text() == damage
    if which == "search.json":
        assert json.loads(path.read_text())["trials"] == json.loads(content)["trials"]


def test_damage_is_said(search, computed, tmp_path, capsys, recipe):
    search(trials=1, search=TWO)
    (tmp_path / "tune" / "search.json").write_text("{")
    rnnzoo.tune(recipe(), output=tmp_path / "tune", trials=1, search=TWO, console=Console(soft_wrap=True))
    assert "search.json is damaged; it is set aside as search.json.damaged-1" in capsys.readouterr().out


def test_without_the_file_of_all_a_folder_of_another_search_is_still_refused(search, computed, tmp_path):
    search(trials=1, search=TWO)
    (tmp_path / "tune" / "search.json").unlink()
    with pytest.raises(ValueError, match="another search"):
        search(trials=1, search=TWO, tuner="random")


def test_a_search_over_other_data_is_refused(search, computed, tmp_path):
    """Old scores are of old data: they cannot be compared with new ones."""
    file = tmp_path / "mine.npz"
    for shift in (0, 1):
        x = np.random.default_rng(shift).normal(size=(60, 4, 2)).astype("float32")
        np.savez(file, x=x, y=np.arange(60) % 2, lengths=np.full(60, 4))
        settings = {"data": SequenceClassification(str(file))}
        if not shift:
            search(trials=1, search=TWO, settings=settings)
    with pytest.raises(ValueError, match=r"another search \(mine.npz.*or --restart to replace it"):
        search(trials=2, search=TWO, settings=settings)
    assert len(search(trials=2, search=TWO, settings=settings, restart=True).trials) == 2


def test_the_table_on_a_terminal(recipe, computed, tmp_path):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, width=200)
    inner = computed.answer
    computed.answer = lambda job: {"failed": "too bad"} if job["trial"] == "0001" else inner(job)
    found = rnnzoo.tune(recipe(), output=tmp_path / "tune", trials=3, search=TWO, console=console)
    table = out.getvalue()[out.getvalue().rindex("trial  ") :].splitlines()
    assert [name in table[0] for name in ("learning_rate", "units", "val_accuracy", "seconds", "state")] == [True] * 5
    assert table[1].split()[0] == "0000"
    assert f"{found.trials[0].score:.4f}" in table[1]
    assert "failed: too bad" in table[2]
    assert "best so far" in out.getvalue()


# Ends of trials. ----------------------------------------------------------------------------------------------------


def test_a_trial_that_kills_its_process_twice_has_failed_and_the_search_goes_on(search, computed):
    inner = computed.answer
    computed.answer = lambda job: {"died": "SIGKILL"} if job["trial"] == "0001" else inner(job)
    found = search(trials=4, search=TWO).trials
    assert [t.state for t in found] == ["DONE", "FAILED", "DONE", "DONE"]
    assert "died 2 times (SIGKILL)" in found[1].reason
    assert [job["trial"] for job in computed.jobs] == ["0000", "0001", "0001", "0002", "0003"]


def test_a_trial_that_dies_once_is_tried_again(search, computed):
    inner, deaths = computed.answer, iter([{"died": "SIGSEGV"}])
    computed.answer = lambda job: next(deaths, None) or inner(job) if job["trial"] == "0001" else inner(job)
    assert [t.state for t in search(trials=3, search=TWO).trials] == ["DONE"] * 3


@pytest.mark.parametrize("outcome", ["the driver", "its process"])
def test_deaths_between_which_a_trial_gets_on_are_not_counted(search, computed, tmp_path, outcome):
    """Seven deaths while one trial runs, each an epoch later: it goes on, and ends as if undisturbed."""

    class HostDied(BaseException):
        pass

    expected = search("undisturbed", trials=3, search=TWO).trials
    inner, deaths = computed.answer, 0

    def answer(job):
        nonlocal deaths
        if job["trial"] != "0001" or deaths == 7:
            return inner(job)
        deaths += 1
        run = tmp_path / "tune" / "trials" / "0001" / "run"
        run.mkdir(exist_ok=True)
        rows = "".join(f"{epoch},0.5\n" for epoch in range(1, deaths + 1))
        (run / "history.csv").write_text("epoch,loss\n" + rows)
        if outcome == "the driver":
            raise HostDied
        return {"died": "SIGKILL"}

    computed.answer = answer
    while True:
        try:
            found = search(trials=3, search=TWO).trials
            break
        except HostDied:
            continue
    assert deaths == 7
    assert [(t.state, t.values, t.score) for t in found] == [(t.state, t.values, t.score) for t in expected]


def test_a_trial_that_kills_the_driver_again_and_again_has_failed(search, computed):
    class HostDied(BaseException):
        pass

    inner, drivers = computed.answer, 0

    def answer(job):
        if job["trial"] == "0001":
            raise HostDied
        return inner(job)

    computed.answer = answer
    while True:
        try:
            found = search(trials=3, search=TWO).trials
            break
        except HostDied:
            drivers += 1
    assert drivers == 6
    assert [t.state for t in found] == ["DONE", "FAILED", "DONE"]
    assert "was killed 6 times" in found[1].reason


def test_a_lost_node_is_not_the_trials_fault(search, computed):
    inner, losses = computed.answer, iter([{"lost": "node"}] * 3)
    computed.answer = lambda job: next(losses, None) or inner(job)
    assert [t.state for t in search(trials=3, search=TWO).trials] == ["DONE"] * 3


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_a_failure(search, computed, score):
    inner = computed.answer
    computed.answer = lambda job: {**inner(job), **({"score": score} if job["trial"] == "0001" else {})}
    found = search(trials=3, search=TWO).trials
    assert [t.state for t in found] == ["DONE", "FAILED", "DONE"]
    assert "diverged" in found[1].reason


def test_other_validation_targets_are_a_failure(search, computed):
    inner = computed.answer
    computed.answer = lambda job: {**inner(job), **({"targets": "other"} if job["trial"] == "0001" else {})}
    found = search(trials=3, search=TWO).trials
    assert "targets" in found[1].reason
    assert [t.state for t in found] == ["DONE", "FAILED", "DONE"]


def test_too_slow_and_out_of_time(search, computed):
    """Nothing ever ends here but by the clock."""
    computed.wait = lambda seconds: []
    killed = []
    computed.kill = killed.append
    with pytest.raises(Exception, match=r"No trial has finished.*too slow"):
        search(trials=2, search=TWO, trial_minutes=0.001)
    assert killed == ["0000", "0001"]
    killed.clear()
    with pytest.raises(Exception, match="No trial has finished"):
        search("other", trials=2, search=TWO, max_minutes=0.001)
    assert killed == ["0000"]


def test_what_ran_when_time_was_up_is_taken_up_again(search, computed, tmp_path):
    inner = computed.wait
    computed.wait = lambda seconds: []
    with pytest.raises(Exception, match="No trial has finished"):
        search(trials=2, search=TWO, max_minutes=0.001)
    record = json.loads((tmp_path / "tune/trials/0000/trial.json").read_text())["trial"]
    assert (record["state"], record["starts"]) == ("RUNNING", 0)
    assert {f.name for f in dataclasses.fields(Trial)} == record.keys()
    computed.wait = inner
    assert [t.starts for t in search(trials=2, search=TWO).trials] == [1, 1]


def test_restart_begins_anew_and_keeps_what_is_not_the_searchs(search, computed, tmp_path):
    search(trials=2, search=TWO)
    (tmp_path / "tune" / "notes.txt").write_text("mine")
    assert len(search(trials=1, tuner="random", search=TWO, restart=True).trials) == 1
    assert (tmp_path / "tune" / "notes.txt").read_text() == "mine"
    shutil.rmtree(tmp_path / "tune")
