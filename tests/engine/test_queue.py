"""The keyed queue: one entry per key, whatever happens to it meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apollo.engine.queue import AGEING, KeyedQueue, Priority


def test_adding_twice_keeps_the_earlier_time_the_higher_priority_and_all_reasons() -> None:
    queue = KeyedQueue()
    queue.add("a", 0.0, reasons=["drift"], priority=Priority.SWEEP, after=5)
    queue.add("a", 0.0, reasons=["commit"], priority=Priority.COMMIT, after=60)
    assert queue.pop(4.9) is None
    work = queue.pop(5.0)
    assert work is not None
    assert (work.key, work.priority, work.reasons) == ("a", Priority.COMMIT, {"drift", "commit"})
    assert len(queue) == 0


def test_a_running_key_is_not_handed_out_again_and_runs_once_more_when_dirty() -> None:
    queue = KeyedQueue()
    queue.add("a", 0.0, reasons=["commit"])
    assert queue.pop(0.0) is not None
    for _ in range(100):
        queue.add("a", 0.0, reasons=["again"])
    assert queue.pop(1.0) is None
    queue.done("a")
    work = queue.pop(1.0)
    assert work is not None and work.reasons == {"again"}
    queue.done("a")
    assert queue.pop(1e9) is None


def test_urgent_work_goes_first_and_equal_work_in_its_order() -> None:
    queue = KeyedQueue()
    for name in "bca":
        queue.add(name, 0.0, priority=Priority.SWEEP)
    queue.add("urgent", 1.0, priority=Priority.MANUAL)
    order = []
    while (work := queue.pop(1.0)) is not None:
        order.append(work.key)
    assert order == ["urgent", "b", "c", "a"]


def test_nothing_starves() -> None:
    """A sweep item that waited long enough goes before fresh urgent work, however much of that there is."""
    queue = KeyedQueue()
    queue.add("poor", 0.0, priority=Priority.SWEEP)
    now, served = 0.0, 0
    while True:
        queue.add(f"rich-{served}", now, priority=Priority.MANUAL)
        work = queue.pop(now)
        assert work is not None
        if work.key == "poor":
            break
        queue.done(work.key)
        now += 1.0
        served += 1
    assert served <= AGEING * Priority.MANUAL + 1


def test_a_discarded_key_is_gone() -> None:
    queue = KeyedQueue()
    queue.add("a", 0.0)
    queue.discard("a")
    assert queue.pop(1.0) is None
    assert queue.next_time() is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(list(Priority)), st.floats(0, 50))))
def test_every_key_that_was_added_comes_out_exactly_once(adds: list[tuple[str, Priority, float]]) -> None:
    queue = KeyedQueue()
    for key, priority, after in adds:
        queue.add(key, 0.0, priority=priority, after=after)
    seen = []
    while (due := queue.next_time()) is not None:
        work = queue.pop(due)
        assert work is not None, "next_time says when pop has something"
        seen.append(work.key)
        queue.done(work.key)
    assert sorted(seen) == sorted({key for key, _, _ in adds})


class QueueMachine(RuleBasedStateMachine):
    """Against a model that is too simple to be wrong: per key an optional due time, and a running set."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = KeyedQueue()
        self.now = 0.0
        self.due: dict[str, float] = {}
        self.running: set[str] = set()

    @rule(
        key=st.sampled_from("abc"), after=st.sampled_from([0.0, 1.0, 7.0]), priority=st.sampled_from(Priority)
    )
    def add(self, key: str, after: float, priority: Priority) -> None:
        self.queue.add(key, self.now, after=after, priority=priority, reasons=["x"])
        self.due[key] = min(self.due.get(key, float("inf")), self.now + after)

    @rule(seconds=st.sampled_from([0.5, 1.0, 10.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def pop(self) -> None:
        work = self.queue.pop(self.now)
        ready = {key for key, due in self.due.items() if due <= self.now and key not in self.running}
        assert (work is not None) == bool(ready)
        if work is not None:
            assert work.key in ready
            del self.due[work.key]
            self.running.add(work.key)

    @rule(key=st.sampled_from("abc"))
    def done(self, key: str) -> None:
        if key in self.running:
            self.queue.done(key)
            self.running.discard(key)

    @invariant()
    def agrees(self) -> None:
        assert self.queue.running == self.running
        waiting = [due for key, due in self.due.items() if key not in self.running]
        assert self.queue.next_time() == (min(waiting) if waiting else None) or any(
            due <= self.now for due in waiting
        )


TestQueueMachine = QueueMachine.TestCase
