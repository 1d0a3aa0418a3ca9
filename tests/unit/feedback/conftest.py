"""Tests on real mail are collected only where the corpora are."""

import os

collect_ignore = [] if os.environ.get("NEWSLETTER_CORPORA") else ["test_corpora.py"]
