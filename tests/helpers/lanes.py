"""What a log shows as lanes."""

from sim.core.stack import Stack


def activity(model, log, what=""):
    """What members do over time, or `what` else has lanes."""
    (found,) = [each for each in model.activities(Stack([log])) if what in ("", each.what)][:1]
    return found


def bars(model, log, what=""):
    """Label, from, to (seconds), what is done."""
    return activity(model, log, what).bars()
