import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_generated_pages_are_fresh_and_links_lead_somewhere():
    script = REPOSITORY / "docs" / "generate.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_has_both_commands_between_their_markers():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for name, part in (("demo", "transferkit demo"), ("tests", "pytest")):
        _, _, after = readme.partition(f"<!-- command: {name} -->")
        block = after.partition("<!-- end -->")[0]
        (command,) = [line for line in block.splitlines() if line and not line.startswith("```")]
        assert part in command
        assert "constraints.txt" in command
