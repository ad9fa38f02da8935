"""
How Sphinx makes these pages.
"""

import sys
from pathlib import Path

# The pages are of the code beside them, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import nodenet

project = "nodenet"
author = "The nodenet authors"
copyright = "2026, The nodenet authors"
version = release = nodenet.__version__

exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"nodenet {release}"
