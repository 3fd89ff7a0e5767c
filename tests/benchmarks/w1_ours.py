"""W1 by rollout-sim: an Auto upgrade of n instances in five domains, or of a scale set in five
batches; one JSON line.

`loop` is the event loop with its log, `wall` the whole: loop, log, audit and all metrics.
"""

import argparse
import json
import time

from sim.experiments.running.chunks import settled_heap
from sim.experiments.running.replications import replicate
from sim.scenario import Scenario
from sim.simulation import Simulation

RESTART = {"lognormal": {"median": "4min", "p95": "11min"}}


def cloud_service(instances: int) -> Scenario:
    roles = {"Web": {"instances": instances, "restart": RESTART}}
    service = {"kind": "cloud_service", "start_timeout": "29d", "roles": roles}
    return upgraded(service, {"upgrade_deployment": {}})


def vm_scale_set(instances: int) -> Scenario:
    """The same instances in batches of a fifth, one row more for each: it runs, then is healthy."""
    scale_set = {"kind": "vm_scale_set", "instances": instances, "reimage": RESTART}
    return upgraded(scale_set, {"update_model": {"image": "2"}})


def upgraded(system: dict[str, object], request: dict[str, object]) -> Scenario:
    asked = [{"at": "1s"} | request]
    return Scenario.from_dict({"horizon": "30d", "systems": {"w1": system}, "operations": asked})


KINDS = {"cloud_service": cloud_service, "vm_scale_set": vm_scale_set}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, required=True)
    parser.add_argument("--reps", type=int, required=True)
    parser.add_argument("--kind", choices=KINDS, default="cloud_service")
    args = parser.parse_args()
    simulation = Simulation(KINDS[args.kind](args.n))
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
