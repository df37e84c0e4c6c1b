"""Run the suite: python -m tests.conformance --help"""

import argparse
import json
import secrets
import sys
import time
from pathlib import Path

from tests.conformance import environments, report, sources
from tests.conformance.registry import Check, checks
from tests.conformance.runner import Outcome, run
from tests.conformance.targets import Aws, Ours, Simulator, Target

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "local-aws-conformance.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--against", action="append", choices=["ours", "moto", "ministack", "aws"])
    parser.add_argument("--only", default="", help="checks whose id begins so")
    parser.add_argument("--details", action="store_true", help="every check, not only those that fail")
    parser.add_argument("--save", action="store_true", help=f"keep the results in {RESULTS.name}")
    parser.add_argument("--page", action="store_true", help="write the page of the reference from them")
    parser.add_argument("--sources", action="store_true", help="hold what checks quote against botocore")
    aws = parser.add_argument_group("a real account")
    aws.add_argument("--yes-this-costs", action="store_true", help="run one small Fargate task at a time")
    aws.add_argument("--allow", action="append", choices=["tasks", "balancer"], default=[])
    aws.add_argument("--other-role", help="the ARN of a role in a second account")
    given = parser.parse_args()
    chosen = [check for check in checks() if check.id.startswith(given.only)]
    if given.sources:
        return _sources(chosen)
    if given.page and not given.against and not given.save:
        _write_page()
        return 0
    if "aws" in (given.against or []) and not given.yes_this_costs:
        parser.error("a real account costs money: say --yes-this-costs")
    results: report.Json = {"date": time.strftime("%Y-%m-%d"), "targets": {}}
    failed = False
    for name in dict.fromkeys(given.against or ["ours"]):
        outcomes, version = _against(_target(name, given), chosen, details=given.details)
        results["targets"][name] = report.kept(outcomes, version)
        failed |= name == "ours" and any(outcome.ok is False for outcome in outcomes)
    print(report.columns(report.area_table(results, chosen)))
    if given.save:
        _save(results)
    if given.page:
        _write_page()
    return int(failed)


def _target(name: str, given: argparse.Namespace) -> Target:
    if name == "ours":
        return Ours()
    if name == "aws":
        return Aws(frozenset({"task", *given.allow}), given.other_role)
    return Simulator(environments.moto() if name == "moto" else environments.ministack())


def _against(target: Target, chosen: list[Check], *, details: bool) -> tuple[list[Outcome], str]:
    def tell(outcome: Outcome) -> None:
        if details or outcome.ok is False:
            mark = {True: "ok", False: "FAILED", None: "not run"}[outcome.ok]
            print(f"{target.name:9} {mark:7} {outcome.check.id}  {outcome.reason}", flush=True)

    tag = f"c{secrets.token_hex(2)}" if target.name == "aws" else "c"
    begin = time.monotonic()
    with target:
        outcomes = run(chosen, target, tag, tell)
        if target.name == "aws":
            from tests.conformance.sweep import leftovers

            for arn in leftovers(target, tag):
                print(f"still there: {arn}", file=sys.stderr)
    print(f"{target.name} {target.version}: {len(outcomes)} checks in {time.monotonic() - begin:.1f} s\n")
    return outcomes, target.version


def _save(results: report.Json) -> None:
    old = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"targets": {}}
    for name, kept in results["targets"].items():
        before = old["targets"].get(name, {"checks": {}})
        known = {check.id for check in checks()}
        merged = {k: v for k, v in {**before["checks"], **kept["checks"]}.items() if k in known}
        old["targets"][name] = {"version": kept["version"], "checks": dict(sorted(merged.items()))}
    order = [name for name in ("ours", "moto", "ministack", "aws") if name in old["targets"]]
    whole = {"date": results["date"], "targets": {name: old["targets"][name] for name in order}}
    RESULTS.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_page() -> None:
    PAGE.write_text(report.page(json.loads(RESULTS.read_text(encoding="utf-8")), checks()), encoding="utf-8")
    print(f"wrote {PAGE.name}")


def _sources(chosen: list[Check]) -> int:
    wrong = [check for check in chosen if not sources.holds(check)]
    for check in wrong:
        print(f"{check.id}: the documents of botocore do not say: {check.says or check.source}")
    quoted = sum(bool(check.says) for check in chosen)
    print(f"{len(chosen)} checks, {quoted} with a passage that botocore's models have, {len(wrong)} wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
