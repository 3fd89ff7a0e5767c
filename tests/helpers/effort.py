"""What something takes, counted in lines of Python that are executed: seconds tell little."""

import gc
import sys


def lines(work):
    """How many lines a call of `work` takes; a loop in one line counts each time round."""
    count = 0

    def trace(_, event, __):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    gc.disable()  # what others have hooked to collections would be counted
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return count
