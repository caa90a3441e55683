"""A package of its own, so that no installed package named docs hides it."""
