"""W2 by rollout-sim: a Batch pool at load 0.8 whose nodes are upgraded in waves; one JSON line.

`loop` is the event loop with its log, or `wall` the whole: loop, log, audit and all metrics, in
seconds of the processor. `bytes_a_task` is what the whole needs at most beyond what was there.
"""

import argparse
import json
import resource
import time

from sim.core.metrics import Key
from sim.experiments.running.chunks import settled_heap
from sim.experiments.running.replications import replicate
from sim.scenario import Scenario
from sim.simulation import Simulation

SERVICE, LOAD, ROUND = 300.0, 0.8, 20_000.0
"""Seconds that a task needs in the mean, offered load, seconds from one upgrade to the next."""


def scenario(nodes: int, tasks: int) -> Scenario:
    gap = SERVICE / (LOAD * nodes)
    horizon = tasks * gap
    rounds = max(1, int(0.7 * horizon / ROUND))
    return Scenario.from_dict(
        {
            "horizon": f"{horizon:.0f}s",
            "systems": {
                "w2": {
                    "kind": "batch_pool",
                    "nodes": nodes,
                    "node_upgrade": {"lognormal": {"mean": "1200s", "sd": "500s"}},
                    "max_concurrent": "10%",
                    "pause": "60s",
                    "work": {
                        "interarrival": {"exponential": {"mean": f"{1000 * gap:.0f}ms"}},
                        "service": {"lognormal": {"mean": f"{SERVICE:.0f}s", "sd": "393.2s"}},
                    },
                }
            },
            "operations": [
                {
                    "at": f"{0.1 * horizon + k * ROUND:.0f}s",
                    "upgrade_os": {"target_os_version": f"WA-GUEST-OS-5.{31 + k}_201905-01"},
                }
                for k in range(rounds)
            ],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-c", type=int, default=100)
    parser.add_argument("-m", type=int, default=1_000_000)
    parser.add_argument("--whole", action="store_true", help="with audit and metrics")
    args = parser.parse_args()
    simulation = Simulation(scenario(args.c, args.m))
    told = whole(simulation) if args.whole else loop(simulation)
    print(json.dumps(told))


def loop(simulation: Simulation) -> dict[str, float]:
    with settled_heap():
        began = time.process_time()
        rows = len(simulation.run())
        return {"loop": time.process_time() - began, "rows": rows}


def whole(simulation: Simulation) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    measured = replicate(simulation, range(1))
    wall = time.process_time() - began
    tasks = float(measured.values[Key("w2", "", "tasks_completed")][0])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"wall": wall, "tasks": tasks, "bytes_a_task": 1024 * grown / tasks}


if __name__ == "__main__":
    main()
