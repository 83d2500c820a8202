"""HermiT on the same deployments as our evaluator: ``python -m benchmarks.referee``. Needs the extra ``owl``.

HermiT gets the small module on which each norm rests; against the whole law at once one deployment takes it minutes. It
answers two questions for each truth value (entailed? refuted?); our evaluator gives all values of all norms in one pass.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.clock import median_ms, row
from kg_service.applicability.program import compile_program, run
from kg_service.deployment import read_deployment
from kg_service.errors import UnavailableError
from kg_service.knowledge.read import read
from kg_service.owl.reasoner import open_reasoner
from kg_service.owl.referee import of_deployments, referee

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = 10


def main() -> None:
    knowledge = read(ROOT)
    try:
        reasoner = open_reasoner()
    except UnavailableError as missing:
        print(f"left out: {missing}")
        return
    program = compile_program(knowledge)
    credit = read_deployment(ROOT / "examples" / "credit-assessment-eu-vendor.yaml", knowledge).facts
    ours = median_ms(lambda: run(program, credit))
    real = of_deployments(knowledge, reasoner, [credit])
    row("one example, all truth values, our evaluator", ours, "ms")
    row("one example, all truth values, HermiT on small modules", real.seconds, "s", "of ours", real.seconds * 1000 / ours)
    told = f"{len(real.findings)} truth values, {len(real.disagreements)} disagreements"
    print(f"    {told}, {len(real.richer)} settled by HermiT alone")
    drawn = referee(knowledge, reasoner, list(knowledge.norms.values())[::SAMPLE], each=4)
    row("random (deployment, norm) pairs, HermiT", drawn.seconds * 1000 / drawn.pairs, "ms")
    print(f"    {drawn.pairs} pairs, {len(drawn.findings)} truth values, {len(drawn.disagreements)} disagreements")


if __name__ == "__main__":
    main()
