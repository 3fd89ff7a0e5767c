"""What modelled operators may ask for: numbered before anything runs, as a file's requests are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.systems.cloud_service.requests import Rollback, UpgradeDeployment, WalkUpgradeDomain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.systems.base.operation import Operation, Request


class OperatorRequest(NamedTuple):
    """An operation that a modelled operator may ask for."""

    name: str
    kind: str
    body: Request


def operator_walk(upgrade: str, domain: int) -> str:
    """Name of the operator's walk of a domain."""
    return f"{upgrade}-walk-{domain}"


def operator_rollback(upgrade: str) -> str:
    """Name of the operator's rollback."""
    return f"{upgrade}-rollback"


def operator_requests(requests: Sequence[Operation], domains: int) -> Iterator[OperatorRequest]:
    """Each walk and the rollback that the operators of a file may ask for, of so many domains."""
    walks: list[WalkUpgradeDomain] = []
    for request in requests:
        if isinstance(request.body, UpgradeDeployment) and request.body.operator:
            walks = walks or [WalkUpgradeDomain(upgrade_domain=each) for each in range(domains)]
            for domain, walk in enumerate(walks):
                name = operator_walk(request.name, domain)
                yield OperatorRequest(name, "walk_upgrade_domain", walk)
            # What the upgrade loses its rollback loses again.
            back = Rollback(mode="Auto", force=request.body.force)
            yield OperatorRequest(operator_rollback(request.name), "rollback", back)
