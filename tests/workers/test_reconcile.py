"""What `wgshop server reconcile` tells of a server, and what to do about the rest."""

from domain.ids import ServerId
from domain.reconciling import Drift, ReconcileOrder, Reconciliation
from workers.reconcile import words_of

NL1 = ReconcileOrder(server_id=ServerId(1), slug="nl1")


def test_what_was_put_right_is_counted() -> None:
    done = Reconciliation(server="nl1", peers=7, drift=Drift(missing=2, changed=1, returned=3))
    assert words_of(done, NL1) == (
        "nl1 holds the ledger's 7 peers: put back 2, corrected 1, taken off 3"
    )


def test_strangers_are_named_with_the_command_that_takes_them_off() -> None:
    told = words_of(Reconciliation(server="nl1", drift=Drift(strangers=("K=",), blocked=1)), NL1)
    assert "left alone: K=" in told
    assert "`wgshop server reconcile nl1 --remove-strangers`" in told
    assert "1 customers' devices wait" in told


def test_strangers_that_were_taken_off_need_no_advice() -> None:
    order = NL1.model_copy(update={"removes_strangers": True})
    told = words_of(Reconciliation(server="nl1", drift=Drift(strangers=("K=",))), order)
    assert "taken off besides, unknown to the ledger: K=" in told
    assert "--remove-strangers" not in told


def test_a_server_that_cannot_be_asked_is_told_with_the_reason() -> None:
    done = Reconciliation(server="nl1", problem="nl1 shows another host key")
    assert words_of(done, NL1) == "nl1 was not reconciled: nl1 shows another host key"
