"""Replications that fail in the middle of their run, by a model that is broken for them alone."""

from __future__ import annotations

from sim.simulation import Simulation

AT = 700.0
"""When they fail, seconds."""


def fail(monkeypatch, numbers, error, variant=None, when=None):
    """Let these replications fail with an error, of one variant or of all, of scenarios such as `when`."""
    real = Simulation.run

    def run(self, replication=0):
        is_meant = variant in (None, self.scenario.variant_name)
        is_meant = is_meant and (when is None or when(self.scenario))
        if replication in numbers and is_meant:
            model = next(iter(self.models.values()))
            with monkeypatch.context() as patch:
                patch.setattr(model, "start", lambda context: _break(context, error))
                return real(self, replication)
        return real(self, replication)

    monkeypatch.setattr(Simulation, "run", run)


def _break(context, error):
    def broken():
        yield context.after(AT, 0, 0)
        raise error

    context.start(broken())
