"""Builds a static page out of the walkthrough, the source and trained models."""
