"""Tables of domain facts as data files, with typed look-ups and their sources. Pure."""
