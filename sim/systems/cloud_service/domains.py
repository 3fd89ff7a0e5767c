"""Where an instance lives: Azure deals instances out to update domains one after another."""

from __future__ import annotations


def update_domain(instance: int, update_domains: int) -> int:
    """The update domain of a role's instance `instance`, counted from 0.

    The number of domains in use is that of the largest role's instances where that is smaller (a
    real service that grew from 2 to 4 instances ended with domains 0 to 3); as such an instance's
    number is below it, the domain is the same by either count.
    """
    return instance % update_domains


def domains_in_use(update_domains: int, largest_role: int) -> int:
    """How many update domains a service has whose largest role has had `largest_role` instances."""
    return min(update_domains, largest_role)
