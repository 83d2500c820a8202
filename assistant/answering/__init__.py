"""How one question becomes one answer: ground, questions back, text."""
