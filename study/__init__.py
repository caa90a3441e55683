"""Something to run for each other section of the blog: `python -m study.NAME`."""
