"""W1 by rollout-sim: an Auto upgrade of n instances in five domains; one JSON line.

`loop` is the event loop with its log, `wall` the whole: loop, log, audit and all metrics.
"""

import argparse
import json
import time

from sim.experiments.replications import replicate, settled_heap
from sim.scenario import Scenario
from sim.simulation import Simulation


def scenario(instances: int) -> Scenario:
    restart = {"lognormal": {"median": "4min", "p95": "11min"}}
    return Scenario.from_dict(
        {
            "horizon": "30d",
            "systems": {
                "w1": {
                    "kind": "cloud_service",
                    "start_timeout": "29d",
                    "roles": {"Web": {"instances": instances, "restart": restart}},
                }
            },
            "operations": [{"at": "1s", "upgrade_deployment": {}}],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, required=True)
    parser.add_argument("--reps", type=int, required=True)
    args = parser.parse_args()
    simulation = Simulation(scenario(args.n))
    simulation.run(args.reps)  # warm up what is made once
    with settled_heap():
        began = time.perf_counter()
        rows = sum(len(simulation.run(replication)) for replication in range(args.reps))
        loop = time.perf_counter() - began
    began = time.perf_counter()
    replicate(simulation, range(args.reps))
    wall = time.perf_counter() - began
    print(json.dumps({"loop": loop, "wall": wall, "rows": rows}))


if __name__ == "__main__":
    main()
