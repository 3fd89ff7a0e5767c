"""W3 by rollout-sim: three extensions a machine, each released once; one JSON line.

`loop` is the event loop with its log, `wall` the whole: loop, log, audit and all metrics, each in
seconds of the processor.
"""

import argparse
import json
import resource
import time

from sim.experiments.running.replications import replicate
from sim.scenario import Scenario
from sim.simulation import Simulation

TYPES = ("DependencyAgentLinux", "KeyVaultForLinux", "AzureMonitorLinuxAgent")
PUBLISHERS = (
    "Microsoft.Azure.Monitoring.DependencyAgent",
    "Microsoft.Azure.KeyVault",
    "Microsoft.Azure.Monitor",
)


def scenario(machines: int) -> Scenario:
    extensions = [
        {"publisher": by, "type": kind, "version": "1.0", "enable_automatic_upgrade": True}
        for by, kind in zip(PUBLISHERS, TYPES, strict=True)
    ]
    return Scenario.from_dict(
        {
            "horizon": "30d",
            "systems": {
                "w3": {
                    "kind": "arc_fleet",
                    "machines": machines,
                    "extensions": extensions,
                    "discovery": {"exponential": {"mean": "6h"}},
                    "install": {"lognormal": {"median": "90s", "p95": "335s"}},
                    "unhealthy": "5%",
                    "rollback": "0s",
                    "max_attempts": 3,
                }
            },
            # A second apart, so that each extension is discovered at a time of its own.
            "operations": [
                {"at": f"{1 + k}s", "publish_extension": {"type": kind, "version": "1.1"}}
                for k, kind in enumerate(TYPES)
            ],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=100_000)
    parser.add_argument("--whole", action="store_true", help="with audit and metrics too")
    args = parser.parse_args()
    simulation = Simulation(scenario(args.n))
    began = time.process_time()
    rows = len(simulation.run())
    told = {"loop": time.process_time() - began, "rows": rows}
    if args.whole:
        began = time.process_time()
        replicate(simulation, range(1))
        told["wall"] = time.process_time() - began
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))


if __name__ == "__main__":
    main()
