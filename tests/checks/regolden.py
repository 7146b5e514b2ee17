"""Write the golden files anew, to be looked at: `python -m tests.checks.regolden`."""

from tests.checks.test_report import GOLDEN, RENDERERS, REPORTS

if __name__ == "__main__":
    for name, report in REPORTS.items():
        for suffix, render in RENDERERS.items():
            (GOLDEN / f"{name}.{suffix}").write_text(render(report))
