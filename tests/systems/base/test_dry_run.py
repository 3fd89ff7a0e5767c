"""How a system is run in advance unless it knows better: all of it, each time at its mean."""

from kiosks import model

from sim.systems.base.dry_run import AS_IT_IS, MEAN


def test_by_default_all_members_are_run_with_nothing_spread():
    spec = model().layout.spec
    assert AS_IT_IS.spec(spec) is spec
    assert AS_IT_IS.brief(spec) is spec
    assert not AS_IT_IS.is_spread("lobby/update/update_kiosks-0")
    assert not AS_IT_IS.is_sample
    assert AS_IT_IS.case == AS_IT_IS.brief_case == MEAN
