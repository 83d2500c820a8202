"""The home of passages and vectors, and what searches them: Chroma or an exact scan for meaning, BM25 for words."""
