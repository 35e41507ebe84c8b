"""A build gives the same bytes however it comes about, and runs only what it must."""

import signal
import time

import pytest

GOOD, PAGE = "snippets/good.py", "docs/en/index.md"


def add_snippet(project, i):
    project.write(f"snippets/n{i}.py", project.read(GOOD) + f"\n\n# {i}\n")


def ran(build):
    """The snippets that a successful build ran."""
    assert build.code == 0, build.said
    return [line.split()[3] for line in build.said.splitlines() if " took " in line]


def test_nothing_runs_when_nothing_changed(project):
    assert ran(project.build()) == [GOOD]
    project.edit(PAGE, "The square", "The second power")
    again = project.build()
    assert ran(again) == []
    assert "snippets" not in again.said


def test_only_a_changed_snippet_runs(project):
    add_snippet(project, 0)
    assert len(ran(project.build())) == 2
    project.edit(GOOD, '"number": 3', '"number": 5')
    assert ran(project.build()) == [GOOD]
    assert b"of 5 is" in project.site()["en/index.html"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"number": 3', b'"number": 2'),
        lambda data: b"",
    ],
    ids=["truncated", "flipped", "empty"],
)
def test_a_corrupt_result_is_made_again(project, damage):
    project.build()
    whole = project.site()
    [result] = project.cached()
    result.write_bytes(damage(result.read_bytes()))
    again = project.build()
    assert ran(again) == [GOOD]
    assert f"warning: .cache/snippets/{result.name} is corrupt" in again.said
    assert project.site() == whole


def test_a_failed_build_leaves_the_published_site(project):
    project.build()
    whole = project.site()
    project.edit(PAGE, "The square", "The [square](cube.md)")
    assert project.build().code == 1
    assert project.site() == whole


def test_two_clean_builds_give_the_same_bytes(project, twin):
    for each in project, twin:
        add_snippet(each, 0)
        assert len(ran(each.build())) == 2
    assert project.site() == twin.site()


def test_two_builds_at_once_take_turns(project, twin):
    twin.build()
    first, second = project.start(), project.start()
    assert first.finish().code == second.finish().code == 0
    assert project.site() == twin.site()
    assert not project.leftovers()


def test_what_a_build_started_ends_with_it(project):
    project.edit("mkdocs.yml", "snippet_seconds: 2", "snippet_seconds: 60")
    project.edit(GOOD, "print(", "open('runs', 'w'); import time; time.sleep(30); print(")
    build = project.start()
    while not (project.folder / "runs").exists():
        time.sleep(0.1)
    build.process.kill()  # MkDocs alone, not the processes that it started
    build.finish(timeout=2)


def test_a_build_killed_at_any_moment_leaves_nothing_behind(project, twin):
    start = time.monotonic()
    twin.build()
    duration = time.monotonic() - start
    kills = builds = 0
    while kills < 10:
        add_snippet(project, builds)  # there is always one to run
        builds += 1
        build = project.start()
        time.sleep(duration * (kills + 0.5) / 10)
        build.process.kill()
        if build.finish(timeout=10).code == -signal.SIGKILL:
            kills += 1
        else:
            duration *= 0.9  # the machine has become faster: this build was done
    add_snippet(project, builds)
    assert project.build().code == 0
    assert not project.leftovers()
    for i in range(builds + 1):
        add_snippet(twin, i)
    assert twin.build().code == 0
    assert project.site() == twin.site()
