"""Language models behind one small protocol: they word what the engine found and read facts; they decide nothing."""
