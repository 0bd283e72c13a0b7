"""The wheel, installed elsewhere, runs the demo: nothing depends on the checkout."""

import json
import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a fresh environment holding the wheel; third-party packages are lent by this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, text=True)
    venv.create(folder / "venv", with_pip=False)
    packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
    # A path file inside another path's folder is not followed, so the editable checkout does not shine through.
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    wheel = next((folder / "dist").glob("*.whl"))
    python = folder / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--quiet", str(wheel)]
    subprocess.run([*install, "--disable-pip-version-check"], check=True, capture_output=True, text=True)
    return python


def _run(python: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "PYTHON"))}
    return subprocess.run(
        [python, "-P", "-W", "ignore", *arguments],
        cwd=folder,
        env=environment | {"TOCSIN_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_wheel_brings_every_package_and_its_configuration(wheel_python: Path, tmp_path: Path) -> None:
    code = (
        "import tocsin, listeners; from tocsin.settings import load_settings as f; print(tocsin.__file__, f({}).file)"
    )
    done = _run(wheel_python, "-c", code, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(ROOT) not in done.stdout


def test_the_demo_runs_from_the_wheel(wheel_python: Path, tmp_path: Path) -> None:
    done = _run(wheel_python, "-m", "tocsin", "demo", "--headless", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["notices"]["lost"] == 0
    assert result["pages_for_tests"] == 0
