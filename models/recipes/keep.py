"""Keep trained weights: copy them to models/ and write their digest.

python keep.py NAME --work FOLDER
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import sys
from pathlib import Path

RECIPES = Path(__file__).resolve().parent
MODELS = RECIPES.parent


def main() -> None:
    """Replace models/NAME.safetensors, its digest, and the curve of its recipe."""
    asked = argparse.ArgumentParser()
    recipes = [folder.name for folder in RECIPES.iterdir() if folder.is_dir()]
    asked.add_argument("name", choices=recipes)
    asked.add_argument("--work", type=Path, required=True)
    options = asked.parse_args()
    name = options.name
    kept = MODELS / f"{name}.safetensors"
    shutil.copyfile(options.work / kept.name, kept)
    shutil.copyfile(options.work / "curve.csv", RECIPES / name / "curve.csv")
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    listed = MODELS / "catalogue.toml"
    text, changed = re.subn(
        rf'(\[{name}\]\nfile = "{name}\.safetensors"\nsha256 = ")[0-9a-f]*',
        rf"\g<1>{digest}",
        listed.read_text("utf-8"),
    )
    if changed != 1:
        raise ValueError(f"catalogue.toml has no table [{name}] to write into")
    listed.write_text(text, "utf-8")
    sys.stdout.write(f"{kept.name}: {kept.stat().st_size} bytes, {digest}\n")


if __name__ == "__main__":
    main()
