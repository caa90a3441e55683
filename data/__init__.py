"""The corpus that ships, the grammar that writes it, and the Penn Treebank's download."""
