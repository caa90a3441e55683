"""The corpus that ships, the grammar that writes it, and the download of the Penn Treebank."""
